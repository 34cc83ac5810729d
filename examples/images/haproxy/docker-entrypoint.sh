#!/bin/sh
# As the public image has it: haproxy runs with a master that stays in the foreground.
set -e
case $1 in
-*) set -- haproxy "$@" ;;
esac
if [ "$1" = haproxy ]; then
	shift
	set -- haproxy -W -db "$@"
fi
exec "$@"
