#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Draws docs/replay.svg from what the shipped traces give: one chart per trace,
# memory across, hit ratio up, a line per policy.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../deploy/common.sh"

# Sizes in percent of the footprint; each is one replay.
percents=(10 15 20 25 30 35 40 45 50 55 60)
instance=$USM_BUILD/bin/usm-instance
traces=$USM_ROOT/tests/replay/traces

# name percent policy hit-ratio, for every point.
points() {
	local name pages percent
	for name in redis gcc sqlite; do
		pages=$("$instance" --replay "$traces/$name.trace" --evict fifo --json | jq .trace.pages)
		for percent in "${percents[@]}"; do
			"$instance" --replay "$traces/$name.trace" --frames $((pages * percent / 100)) --json |
				jq -r --arg at "$name $percent" '.results[] | "\($at) \(.policy) \(.hit_ratio * 100)"'
		done
	done
}

points | awk '
	BEGIN {
		width = 300; height = 220; left = 50; top = 50; gap = 60
		split("optimum s3-fifo sieve lru clock fifo", policies)
		split("#222222 #1b7f4d #3b6fd1 #c8663d #8a5cb8 #999999", colours)
	}
	{
		if (!($1 in chart)) { chart[$1] = ++charts; name[charts] = $1; low[charts] = 100 }
		c = chart[$1]
		if ($4 < low[c]) low[c] = $4
		value[c, $3, $2] = $4
		if (!($2 in known)) { known[$2] = 1; at[++nr] = $2 }
	}
	function x(c, percent) { return left + (c - 1) * (width + gap) + width * (percent - at[1]) / (at[nr] - at[1]) }
	function y(c, ratio) { return top + height * (100 - ratio) / (100 - floor_of(c)) }
	function floor_of(c) { return 5 * int(low[c] / 5) }
	END {
		full = left + charts * (width + gap)
		print "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" full "\" height=\"" top + height + 70 "\" font-family=\"sans-serif\" font-size=\"12\">"
		print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
		print "<text x=\"10\" y=\"20\" font-size=\"14\">Hit ratio (%) by size of the memory (% of the footprint)</text>"
		for (c = 1; c <= charts; c++) {
			x0 = x(c, at[1]); x1 = x(c, at[nr])
			print "<text x=\"" (x0 + x1) / 2 "\" y=\"" top - 10 "\" text-anchor=\"middle\">" name[c] "</text>"
			for (r = floor_of(c); r <= 100; r += 5) {
				print "<line x1=\"" x0 "\" y1=\"" y(c, r) "\" x2=\"" x1 "\" y2=\"" y(c, r) "\" stroke=\"#ddd\"/>"
				print "<text x=\"" x0 - 6 "\" y=\"" y(c, r) + 4 "\" text-anchor=\"end\" fill=\"#777\">" r "</text>"
			}
			for (i = 1; i <= nr; i += 2)
				print "<text x=\"" x(c, at[i]) "\" y=\"" top + height + 18 "\" text-anchor=\"middle\" fill=\"#777\">" at[i] "</text>"
			for (p = 1; p in policies; p++) {
				line = ""
				for (i = 1; i <= nr; i++) line = line sprintf("%.1f,%.1f ", x(c, at[i]), y(c, value[c, policies[p], at[i]]))
				print "<polyline points=\"" line "\" fill=\"none\" stroke=\"" colours[p] "\" stroke-width=\"2\"" (p == 1 ? " stroke-dasharray=\"5 3\"" : "") "/>"
			}
		}
		for (p = 1; p in policies; p++) {
			print "<line x1=\"" left + (p - 1) * 110 "\" y1=\"" top + height + 45 "\" x2=\"" left + (p - 1) * 110 + 24 "\" y2=\"" top + height + 45 "\" stroke=\"" colours[p] "\" stroke-width=\"3\"/>"
			print "<text x=\"" left + (p - 1) * 110 + 30 "\" y=\"" top + height + 49 "\">" policies[p] "</text>"
		}
		print "</svg>"
	}
' >"$USM_ROOT/docs/replay.svg"
