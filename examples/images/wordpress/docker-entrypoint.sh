#!/bin/bash
# Of the public image's entrypoint what the examples use: the first start fills /var/www/html, and
# WORDPRESS_* of the environment are the configuration.
set -euo pipefail
if [ "$1" = apache2-foreground ]; then
	cd /var/www/html
	if [ ! -e index.php ] || [ ! -e wp-includes/version.php ]; then
		echo "entrypoint: copying WordPress to /var/www/html" >&2
		tar -C /usr/src/wordpress -c --exclude=./wp-config-docker.php . | tar -x --skip-old-files
		chown www-data:www-data .
	fi
	if [ ! -s wp-config.php ]; then
		cp /usr/src/wordpress/wp-config-docker.php wp-config.php
		chown www-data:www-data wp-config.php
	fi
fi
exec "$@"
