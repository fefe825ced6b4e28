#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Behind ./run bench; see usage().
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../deploy/common.sh"

usage() {
	cat <<'END'
usage: ./run bench [--quick | --seconds S | --profile ROW...]

What a page costs on every way to it, beside what it costs the kernel itself:
medians of ratios with their quartiles, measured side by side in one boot of
the stock 6.12 kernel, and once more on one processor that counts the
instructions it executes. docs/bench.md says how to read it.

  --seconds S  of measuring in the first boot (default 120)
  --quick      30 s, for a first look
  --profile ROW...
               instead: which functions the instructions of a page go to; ROW
               is a name in results.json, or no-module

Results: build/bench/results.json and results.svg. Exit 1 when a row did not
measure what it is about; that an aim is missed is only reported.
END
}

seconds=120
while (($# > 0)); do
	case $1 in
	--quick) seconds=30 ;;
	--profile)
		shift
		(($# > 0)) || die 2 "--profile needs the name of a row"
		step "build" "$USM_ROOT/deploy/host/build.sh" --userspace
		exec "$USM_ROOT/tests/bench/profile/profile.sh" "$@"
		;;
	--seconds) need_value "$1" $# && seconds=$2 && shift ;;
	-h | --help) usage && exit ;;
	*) die 2 "unknown option '$1'; see ./run bench --help" ;;
	esac
	shift
done
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die 2 "--seconds: '$seconds' is no number"
((EUID == 0)) || die 125 "run it as root: it boots a virtual machine over this file system"

# Of the guest's clock, which a processor that counts instructions slows down
# tenfold; they hardly vary.
instruction_seconds=1
# What else runs here gets less: two virtual processors that take turns on one
# real one measure the host's scheduler. A session of its own, because niceness
# counts only within one where the kernel groups processes by session.
niceness=-15
# Boots and loading the module again and again, on a busy machine.
overhead_s=240
out=$USM_BUILD/bench
mkdir -p "$out"

# machine: on what and how it was measured.
machine() {
	local cpu
	cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
	printf '%s, %s processors, load %s, %s, %s' "$cpu" "$(nproc)" \
		"$(cut -d' ' -f1 /proc/loadavg)" "$1" \
		"$(qemu-system-x86_64 --version | sed -n '1s/^QEMU emulator version/QEMU/p')"
}

commit() {
	git -C "$USM_ROOT" describe --always --dirty --abbrev=12 2>/dev/null || echo unknown
}

# measure NAME SECONDS [VM-OPTIONS...]
measure() {
	local name=$1 length=$2
	shift 2
	setsid -w "$USM_ROOT/tests/bench/foremost.sh" "$niceness" "$USM_ROOT/run" vm --no-build --no-module --kernel stock --time-limit $((length + overhead_s)) "$@" \
		-- "$USM_BUILD/tests/bench/usm-bench-guest" "$name" "$ko" "$length" \
		>"$out/$name.samples"
}

say "takes about $(((seconds + 140) / 60)) minutes on a quiet machine; a busy one makes the spread wider"
step "build" "$USM_ROOT/deploy/host/build.sh" --userspace
kernel_dir=$("$USM_ROOT/deploy/vm/kernel.sh" stock)
ko=$("$USM_ROOT/deploy/vm/module.sh" "$kernel_dir/kdir")
accel=$("$USM_ROOT/deploy/vm/probe-accel.sh" "$kernel_dir")
USM_BENCH_MACHINE=$(machine "${accel#-accel }")
USM_BENCH_COMMIT=$(commit)
USM_BENCH_DATE=$(date -u +%Y-%m-%dT%H:%M:%SZ)
export USM_BENCH_MACHINE USM_BENCH_COMMIT USM_BENCH_DATE

step "time" measure time "$seconds"
step "instructions" measure instructions "$instruction_seconds" --cpus 1 --count-instructions
"$USM_BUILD/tests/bench/usm-bench-report" "$out"
