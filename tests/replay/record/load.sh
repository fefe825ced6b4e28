#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The loads that are recorded, as text on stdout: sql, redis-fill, redis-use.
# The same every time. A few keys are asked for often and most hardly ever
# (Zipf's law with exponent 1: the rank is N^u for u even in 0 to 1), and a
# key's rank says nothing about its place in memory.
set -euo pipefail

readonly keys=10000
readonly uses=8000

# shellcheck disable=SC2016 # awk's variables
common='
	function uniform() { seed = (seed * 16807) % 2147483647; return seed / 2147483647 }
	function skewed() { return (int(keys ^ uniform()) * 7919) % keys }
	function text(n,  s) { s = ""; while (length(s) < n) s = s sprintf("%08x", int(uniform() * 2147483647)); return substr(s, 1, n) }
	BEGIN { seed = 20 }
'

make() {
	awk -v keys=$keys -v uses=$uses "$common $1"
}

case ${1:?"which load?"} in
redis-fill)
	make 'BEGIN { for (i = 0; i < keys; i++) print "SET key:" i " " text(300 + int(uniform() * 800)) }'
	;;
redis-use)
	# Nine reads to a write.
	make 'BEGIN { for (i = 0; i < uses; i++)
		if (uniform() < 0.9) print "GET key:" skewed()
		else print "SET key:" skewed() " " text(300 + int(uniform() * 800)) }'
	;;
sql)
	# A table with an index, filled; then queries and updates by key, by name, and
	# now and then a report over everything.
	make 'BEGIN {
		print "PRAGMA temp_store = MEMORY; CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, body TEXT, used INTEGER); BEGIN;"
		for (i = 0; i < keys; i++)
			print "INSERT INTO item VALUES (" i ", \"" text(16) "\", \"" text(300 + int(uniform() * 800)) "\", 0);"
		print "COMMIT; CREATE INDEX by_name ON item (name);"
		for (i = 0; i < uses; i++) {
			if (i % 2000 == 1000) print "SELECT sum(length(body)), max(used) FROM item;"
			else if (uniform() < 0.8) print "SELECT body FROM item WHERE id = " skewed() ";"
			else if (uniform() < 0.5) print "UPDATE item SET used = used + 1 WHERE id = " skewed() ";"
			else print "SELECT count(*) FROM item WHERE name BETWEEN \"" text(3) "\" AND \"" text(3) "\" LIMIT 1;"
		}
	}'
	;;
*)
	echo "load.sh: no load \"$1\"" >&2
	exit 2
	;;
esac
