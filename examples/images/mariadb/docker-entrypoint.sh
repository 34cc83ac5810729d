#!/bin/bash
# Of the public image's entrypoint what the examples use: MARIADB_ROOT_PASSWORD, MARIADB_DATABASE,
# MARIADB_USER and MARIADB_PASSWORD make the database on the first start.
set -euo pipefail
data=/var/lib/mysql
case ${1-} in
-*) set -- mariadbd "$@" ;;
esac
if [ "$(basename "${1-}")" != mariadbd ]; then exec "$@"; fi
if [ "$(id -u)" = 0 ]; then
	find "$data" /run/mysqld ! -user mysql -exec chown mysql: {} +
	exec setpriv --reuid mysql --regid mysql --clear-groups "$0" "$@"
fi

quoted() { printf %s "$1" | sed "s/[\\\\']/\\\\&/g"; }

if [ ! -d "$data/mysql" ]; then
	: "${MARIADB_ROOT_PASSWORD:?is not set, and the database is not yet made}"
	echo "entrypoint: making the database" >&2
	# One that was cut off is begun anew.
	find "$data" -mindepth 1 -delete
	mkdir "$data/.new"
	mariadb-install-db --datadir="$data/.new" --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve "${@:2}" >/dev/null
	{ # a statement ends with its line
		echo "FLUSH PRIVILEGES;"
		echo "ALTER USER root@localhost IDENTIFIED BY '$(quoted "$MARIADB_ROOT_PASSWORD")';"
		echo "CREATE USER root@'%' IDENTIFIED BY '$(quoted "$MARIADB_ROOT_PASSWORD")';"
		echo "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;"
		[ -z "${MARIADB_DATABASE-}" ] || echo "CREATE DATABASE \`$MARIADB_DATABASE\`;"
		if [ "${MARIADB_USER-}" ]; then
			echo "CREATE USER '$(quoted "$MARIADB_USER")'@'%' IDENTIFIED BY '$(quoted "${MARIADB_PASSWORD-}")';"
			[ -z "${MARIADB_DATABASE-}" ] || echo "GRANT ALL ON \`$MARIADB_DATABASE\`.* TO '$(quoted "$MARIADB_USER")'@'%';"
		fi
		echo "CREATE USER IF NOT EXISTS mysql@localhost IDENTIFIED VIA unix_socket;"
	} | mariadbd --datadir="$data/.new" --bootstrap "${@:2}"
	find "$data/.new" -mindepth 1 -maxdepth 1 ! -name mysql -exec mv -t "$data" {} +
	mv "$data/.new/mysql" "$data/" # last: it says that all is there
	rmdir "$data/.new"
fi
unset MARIADB_ROOT_PASSWORD MARIADB_PASSWORD
exec "$@"
