#!/bin/bash
# SPDX-License-Identifier: MIT
#
# functions.sh BLOCKS KALLSYMS PAGES: instructions per page and function, most
# first, from the counts of blocks.so.
set -euo pipefail

blocks=$1 symbols=$2 pages=$3
# Addresses of sixteen digits sort as text.
{
	awk '{ print $1, "S", $3 ($4 ? " " $4 : "") }' "$symbols"
	awk '{ print $1, "T", $2 * $3 }' "$blocks"
} | LC_ALL=C sort -k1,1 -k2,2 | awk -v pages="$pages" '
	$2 == "S" { name = $3 ($4 ? " " $4 : ""); next }
	{ sum[$1 < "8" ? "(user mode)" : name] += $3; all += $3 }
	END {
		printf "%9.1f  all\n", all / pages
		for (n in sum)
			if (sum[n] / pages >= 0.5)
				printf "%9.1f  %s\n", sum[n] / pages, n
	}' | sort -rn
