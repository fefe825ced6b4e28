#!/bin/bash
# SPDX-License-Identifier: MIT
#
# tsc-khz.sh: prints the rate of this machine's time stamp counter in kHz,
# measured once a boot. Emulated guests read that counter, and measure its rate
# against an emulated timer: on a busy machine they are then wrong by up to a
# factor of eight, and so are all their clocks and deadlines.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

here=$USM_ROOT/deploy/vm
key=$(cat /proc/sys/kernel/random/boot_id "$here/tsc-khz.c" | sha256sum | cut -c1-16)
answer=$USM_CACHE/tsc-khz-$key
if [[ ! -s $answer ]]; then
	mkdir -p "$USM_CACHE"
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	cc -O2 -o "$work/tsc-khz" "$here/tsc-khz.c"
	"$work/tsc-khz" >"$work/answer"
	mv "$work/answer" "$answer"
fi
cat "$answer"
