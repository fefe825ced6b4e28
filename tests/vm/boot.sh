#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The guest is what the other suites take for granted, and the module is in.
set -uo pipefail
failed=0

check() {
	local name=$1
	shift
	if "$@" >/dev/null 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name"
		failed=1
	fi
}

# shellcheck disable=SC2317 # called by check
refused() {
	! "$@"
}

check "the module's device is there" test -c /dev/USMMcd
check "/proc/usm is there" test -e /proc/usm
check "/proc/usmPgs is there" test -e /proc/usmPgs
check "the module tells its pool" sh -c 'dmesg | grep -q "usm: pool of 262144 KiB"'
check "cgroup v2 has the memory controller" grep -qw memory /sys/fs/cgroup/cgroup.controllers
check "the file system of the host is read-only" refused touch /usr/written
check "temporary files can be written" touch /tmp/written /run/written /var/lib/written
check "files get back to the host" touch "$USM_OUT/written"
check "the module is loaded" grep -q usm_lkmRM /proc/modules
# Only kernels with CMA show the line. What they lent of the area to movable pages
# before was not free, and has moved out of the pool's way.
if [[ -n ${USM_CMA_BEFORE_KB:-} ]]; then
	total=$(awk '/^CmaTotal:/ { print $2 }' /proc/meminfo)
	lent=$((total - USM_CMA_BEFORE_KB))
	fell=$((USM_CMA_BEFORE_KB - USM_CMA_AFTER_KB))
	check "CmaFree fell by the pool ($USM_CMA_BEFORE_KB kB of $total kB to $USM_CMA_AFTER_KB kB)" \
		test $fell -le 262144 -a $((fell + lent)) -ge 262144
	check "at most the rest of the area is free" \
		test "$USM_CMA_AFTER_KB" -le $((total - 262144))
fi
exit $failed
