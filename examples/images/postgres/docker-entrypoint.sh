#!/bin/bash
# Of the public image's entrypoint what the examples use: POSTGRES_PASSWORD, POSTGRES_USER, POSTGRES_DB,
# PGDATA, and the *.sql files of /docker-entrypoint-initdb.d make the database on the first start.
set -euo pipefail
case ${1-} in
-*) set -- postgres "$@" ;;
esac
if [ "${1-}" != postgres ]; then exec "$@"; fi
if [ "$(id -u)" = 0 ]; then
	mkdir -p "$PGDATA"
	chmod 0700 "$PGDATA"
	find "$PGDATA" /run/postgresql ! -user postgres -exec chown postgres: {} +
	exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
fi
user=${POSTGRES_USER:-postgres} db=${POSTGRES_DB:-${POSTGRES_USER:-postgres}}
if [ ! -s "$PGDATA/PG_VERSION" ]; then
	: "${POSTGRES_PASSWORD:?is not set, and the database is not yet made}"
	initdb --username="$user" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") --auth-local=trust --auth-host=scram-sha-256
	echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
	pg_ctl -w -o "-c listen_addresses=''" start
	[ "$db" = postgres ] || createdb --username="$user" "$db"
	for file in /docker-entrypoint-initdb.d/*.sql; do
		[ ! -e "$file" ] || psql --username="$user" --dbname="$db" --set=ON_ERROR_STOP=1 --file="$file"
	done
	pg_ctl -m fast -w stop
fi
unset POSTGRES_PASSWORD
exec "$@" -c listen_addresses='*'
