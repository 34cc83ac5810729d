#!/bin/bash
# Of the public image's health check: --connect, --innodb_initialized.
set -euo pipefail
as_mysql=()
[ "$(id -u)" != 0 ] || as_mysql=(setpriv --reuid mysql --regid mysql --clear-groups)
for check in "$@"; do
	case $check in
	--connect) "${as_mysql[@]}" mariadb --user mysql --skip-column-names --execute 'SELECT 1' >/dev/null ;;
	--innodb_initialized) "${as_mysql[@]}" mariadb --user mysql --skip-column-names --execute "SELECT 1 FROM information_schema.ENGINES WHERE engine = 'innodb' AND support IN ('YES', 'DEFAULT')" | grep -q 1 ;;
	*) echo "healthcheck.sh: $check is not in this image" >&2; exit 2 ;;
	esac
done
