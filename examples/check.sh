# shellcheck shell=bash
# What the checks of the examples share. `DIR/check` looks at the example while it is up, prints a line
# "ok: ..." for each thing it has seen, and ends with code 0 if that was all of it; the example is up again
# when it ends. $PODUP is the podup to use, "podup" by default.
set -euo pipefail
cd "$(dirname "$0")"

podup() { command "${PODUP:-podup}" --progress quiet "$@"; }
ok() { echo "ok: $*"; }
fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# eventually COMMAND...: again until it succeeds, a minute long.
eventually() {
	local end=$((SECONDS + ${EVENTUALLY:-60}))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || fail "never came true: $*"
		sleep 0.2
	done
}

# has RE COMMAND...: it succeeds, and a line of its output matches.
has() {
	local output
	output=$("${@:2}") && grep -q -- "$1" <<<"$output"
}

# build TAG CONTEXT [ARGS...]: an image. Rootful builds want more files and processes than the machine may
# have, and then fail (Podman 5.8).
build() {
	local limits=(--ulimit "nofile=$(ulimit -Sn):$(ulimit -Hn)" --ulimit "nproc=$(ulimit -Su):$(ulimit -Hu)")
	podman build "${limits[@]//unlimited/-1}" --quiet --tag "$1" "${@:3}" "$2" >/dev/null
}

# page URL [CURL ARGS...]: what is served there, "" if nothing.
page() { curl --silent --show-error --fail --max-time 10 "$@"; }

# limits POD/CONTAINER BYTES [MILLICPUS]: its cgroup, as the container itself sees it, has these limits. Says
# so where the engine cannot set any.
limits() {
	if [ "$(podman info --format '{{.Host.Security.Rootless}} {{.Host.CgroupsVersion}}')" = "true v1" ]; then
		echo "not checked: the limits of $1, as rootless Podman sets none on cgroup v1"
		return
	fi
	# shellcheck disable=SC2016 # expanded in the container
	local found expected="$2${3:+ $3}" script='
		cd /sys/fs/cgroup
		if [ -e memory.max ]; then
			read -r memory <memory.max; read -r quota period <cpu.max
		else
			read -r memory <memory/memory.limit_in_bytes; read -r quota <cpu/cpu.cfs_quota_us; read -r period <cpu/cpu.cfs_period_us
		fi
		[ "$1" ] && echo "$memory $((quota * 1000 / period))" || echo "$memory"'
	found=$(podup exec "$1" -- sh -c "$script" sh "${3-}")
	[ "$found" = "$expected" ] || fail "the cgroup of $1 says $found, not $expected"
	ok "the limits of $1 stand in its cgroup"
}
