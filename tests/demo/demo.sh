#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Behind ./run demo: the host's half. Installs, builds, makes the data sets
# and boots the guest, where guest.sh does the rest.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../deploy/common.sh"

usage() {
	cat <<'END'
usage: ./run demo [--kernel stock|cma]

Two redis servers live in two partitions of one pool, each under a policy of
its own; everything is driven with curl and every key is read back. Exit 0 only
if every check held.
END
}

# Some 6 MB a tenant and what the benchmark adds: thousands of faults, and
# still quick under emulation.
keys=6000
pool=288M

kernel=stock
while (($# > 0)); do
	case $1 in
	--kernel) need_value "$1" $# && kernel=$2 && shift ;;
	-h | --help) usage && exit ;;
	*) die 2 "unknown option '$1'; see ./run demo --help" ;;
	esac
	shift
done
((EUID == 0)) || die 125 "run it as root: it boots a virtual machine over this file system"

# data_set SEED: commands that write the keys and that read them, and what
# reading must print. Every value depends on seed and key. Many keys a command,
# because a round trip costs more than the keys.
data_set() {
	local base=$USM_BUILD/demo/$1
	[[ -s $base.expected && $(wc -l <"$base.expected") == "$keys" ]] && return
	awk -v seed="$1" -v n="$keys" -v base="$base" -v batch=100 'BEGIN {
		for (i = 0; i < n; i++) {
			v = ""
			while (length(v) < 1000)
				v = v sprintf("%s-%d-%d.", seed, i, (i * 7919 + length(v)) % 65521)
			set = set " key:" i " " v
			get = get " key:" i
			if ((i + 1) % batch == 0) {
				print "MSET" set >(base ".set")
				print "MGET" get >(base ".get")
				set = get = ""
			}
			print v >(base ".expected")
		}
	}'
}

say "kernel $kernel; every step says how long it took"
start=$EPOCHREALTIME
step "packages" "$USM_ROOT/deploy/host/packages.sh"
step "userspace" "$USM_ROOT/deploy/host/build.sh" --programs
step "kernel $kernel" "$USM_ROOT/deploy/vm/kernel.sh" "$kernel" >/dev/null
mkdir -p "$USM_BUILD/demo"
data_set a
data_set b
say "virtual machine ..."
code=0
USM_DEMO_DATA=$USM_BUILD/demo setpriv --pdeathsig TERM "$USM_ROOT/run" vm --no-build --kernel "$kernel" \
	--pool "$pool" --time-limit 600 -- "$USM_ROOT/tests/demo/guest.sh" || code=$?
if ((code == 0)); then
	say "demo passed in $(elapsed_since "$start") s"
else
	say "demo FAILED (exit code $code) after $(elapsed_since "$start") s"
fi
exit "$code"
