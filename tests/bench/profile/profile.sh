#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Behind ./run bench --profile ROW...: where the instructions of a page go.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../deploy/common.sh"

limit_s=400
tools=$USM_BUILD/tests/bench
out=$USM_BUILD/bench/profile
mkdir -p "$out"
kernel_dir=$("$USM_ROOT/deploy/vm/kernel.sh" stock)
ko=$("$USM_ROOT/deploy/vm/module.sh" "$kernel_dir/kdir")

for row; do
	base=$out/$row
	export USM_BENCH_BLOCKS=$base.blocks
	# The addresses of this boot; without a random base only the module's move.
	"$USM_ROOT/run" vm --no-build --no-module --kernel stock --time-limit "$limit_s" \
		--cpus 1 --count-instructions --plugin "$tools/usm-bench-blocks.so" --append nokaslr \
		-- "$USM_ROOT/tests/bench/profile/guest.sh" "$tools/usm-bench-guest" "$ko" "$row" >"$base.info"
	mv "$USM_BUILD/vm/last/out/kallsyms" "$base.kallsyms"
	pages=$(awk -F'\t' '$2 == "pages" { print $3 }' "$base.info")
	echo "$row, instructions per page:"
	"$USM_ROOT/tests/bench/profile/functions.sh" "$base.blocks" "$base.kallsyms" "$pages" | tee "$base.functions"
done
