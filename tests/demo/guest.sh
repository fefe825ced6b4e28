#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The guest's half of the demo: module and manager are up when it starts.
set -uo pipefail

data=$USM_DEMO_DATA
answer=/tmp/answer
headers=/tmp/headers
steps=11
step_number=0
failures=0

check() {
	local what=$1
	shift
	if "$@"; then
		echo "        ok      $what"
	else
		echo "        FAILED  $what"
		failures=$((failures + 1))
	fi
}

begin() {
	step_number=$((step_number + 1))
	step_start=$EPOCHREALTIME
	printf '[%2d/%d] %s\n' $step_number $steps "$1"
}

# Without a process of its own: under emulation one costs a tenth of a second.
end() {
	local us=$((${EPOCHREALTIME/./} - ${step_start/./}))
	printf '        %d.%d s\n' $((us / 1000000)) $((us / 100000 % 10))
}

# rest METHOD PATH [BODY]: prints the status; the answer is in $answer.
rest() {
	local method=$1 path=$2
	shift 2
	curl -s --max-time 30 --unix-socket /run/usm/usm.sock -X "$method" \
		-o "$answer" -D "$headers" -w '%{http_code}' "http://usm$path" \
		${1:+-H 'Content-Type: application/json' -d "$1"}
}

# answers STATUS METHOD PATH [BODY]
answers() {
	local wanted=$1 got
	shift
	: >"$answer"
	got=$(rest "$@")
	[[ $got == "$wanted" ]] && return
	echo "                $1 $2: $got instead of $wanted: $(head -c 400 "$answer")"
	return 1
}

# field FILTER: one value out of the last answer.
field() {
	jq -r "$1" "$answer"
}

is() {
	[[ $1 == "$2" ]] && return
	echo "                is '$1' instead of '$2'"
	return 1
}

at_least() {
	(($1 >= $2)) && return
	echo "                is $1, less than $2"
	return 1
}

cli() {
	local tenant=$1
	shift
	redis-cli -s "/run/redis-$tenant.sock" "$@"
}

until_true() {
	local i limit=$1
	shift
	for ((i = 0; i < limit * 10; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	return 1
}

declare -A pid

start_redis() {
	mkdir -p "/var/lib/redis-$1"
	redis-server --port 0 --unixsocket "/run/redis-$1.sock" --save '' --appendonly no \
		--dir "/var/lib/redis-$1" --daemonize no --loglevel warning \
		>"/var/log/redis-$1.log" 2>&1 &
	pid[$1]=$!
	until_true 20 cli "$1" ping
}

load_known() {
	cli "$1" <"$data/$1.set" >"/tmp/$1.loaded" && [[ $(grep -c '^OK' "/tmp/$1.loaded") == $(wc -l <"$data/$1.set") ]]
}

benchmark() {
	redis-benchmark -s "/run/redis-$1.sock" -t set,get,lpush -n 5000 -r 5000 -d 512 -P 16 -q |
		tr '\r' '\n' | grep 'per second' | sed "s/^/        $1  /"
}

reads_back() {
	cli "$1" <"$data/$1.get" | cmp - "$data/$1.expected"
}

snapshot_done() {
	cli a info persistence | tr -d '\r' >/tmp/persistence
	grep -qx 'rdb_bgsave_in_progress:0' /tmp/persistence &&
		grep -qx 'rdb_last_bgsave_status:ok' /tmp/persistence
}

nothing_mapped() {
	rest GET "/v1/instances/$1" >/dev/null
	[[ $(field '.memory | .mapped == 0 and .free == .owned') == true ]]
}

begin "guest: Linux $(uname -r), module and manager up $(cut -d' ' -f1 /proc/uptime) s after power-on"
check "the manager answers" answers 200 GET /v1/stats
read -r pool_bytes backend < <(field '"\(.pool.bytes) \(.pool.backend)"')
echo "        pool: $((pool_bytes >> 20)) MiB, backend $backend"
if [[ $backend == cma ]]; then
	echo "        CmaFree: $USM_CMA_BEFORE_KB kB before the module was loaded, $USM_CMA_AFTER_KB kB after"
	check "CmaFree dropped by exactly the pool" \
		is $(((USM_CMA_BEFORE_KB - USM_CMA_AFTER_KB) * 1024)) "$pool_bytes"
fi
end

begin "create instance a (first-fit) and instance b (extent)"
check "POST /v1/instances a: 201" answers 201 POST /v1/instances \
	'{"name":"a","memory":"128M","policy":{"alloc":"first-fit"},"cgroup":{"cpu_max":"50%","memory_max":"64M"}}'
check "Location names it" grep -qi '^location: */v1/instances/a' "$headers"
check "POST /v1/instances b: 201" answers 201 POST /v1/instances \
	'{"name":"b","memory":"128M","policy":{"alloc":"extent"},"cgroup":{"cpu_max":"50%","memory_max":"64M"}}'
check "a second a: 409" answers 409 POST /v1/instances '{"name":"a","memory":"16M"}'
check "more than is left of the pool: 409" answers 409 POST /v1/instances '{"name":"c","memory":"1G"}'
end

begin "start two redis-server processes"
check "redis a answers" start_redis a
check "redis b answers" start_redis b
end

begin "bind them"
check "POST bindings pid ${pid[a]} to a: 201" answers 201 POST /v1/instances/a/bindings "{\"pid\":${pid[a]}}"
check "POST bindings pid ${pid[b]} to b: 201" answers 201 POST /v1/instances/b/bindings "{\"pid\":${pid[b]}}"
check "bound already: 409" answers 409 POST /v1/instances/b/bindings "{\"pid\":${pid[a]}}"
check "in use: DELETE a: 409" answers 409 DELETE /v1/instances/a
end

begin "load both with $(wc -l <"$data/a.expected") known keys each"
load_known a &
loader=$!
check "b took them" load_known b
check "a took them" wait $loader
end

begin "redis-benchmark against both at once"
benchmark a &
loader=$!
check "b went through" benchmark b
check "a went through" wait $loader
end

begin "BGSAVE in a (fork), writes go on (copy-on-write)"
check "BGSAVE starts" grep -q "saving started" <(cli a bgsave)
redis-benchmark -s /run/redis-a.sock -t set -n 5000 -r 5000 -d 512 -P 16 -q >/dev/null
check "the snapshot is complete" until_true 60 snapshot_done
check "the snapshot is intact" grep -q "RDB looks OK" <(redis-check-rdb /var/lib/redis-a/dump.rdb)
end

begin "read every key back and compare"
reads_back a &
loader=$!
check "b: every value is what was written" reads_back b
check "a: every value is what was written" wait $loader
end

begin "figures"
check "GET /v1/stats: 200" answers 200 GET /v1/stats
echo
jq . "$answer"
cp "$answer" "$USM_OUT/stats.json"
echo
jq -r '
	def mib: . / 104857.6 | round / 10;
	def us: . / 100 | round / 10;
	["tenant", "policy", "pid", "owned MiB", "mapped MiB", "free MiB", "faults", "upcalls", "fallback", "p50 us", "p99 us", "bad cmds"],
	(.instances[] | [.name, (.config.policy.alloc // "-"), (.members[0].pid // "-"), (.memory.owned | mib), (.memory.mapped | mib),
	  (.memory.free | mib), .faults.total, .faults.upcall, .faults.fallback,
	  (.latency_ns.p50 | us), (.latency_ns.p99 | us), .bad_commands]) | @tsv' "$answer" |
	awk -F'\t' '{ printf "        "; for (i = 1; i <= NF; i++) printf "%*s", i == 2 ? 11 : 10 + (i > 3 && i < 7), $i; print "" }'
echo
while read -r t state member mapped free owned pages upcalls bad; do
	check "$t is running" is "$state" running
	check "$t has its member" is "$member" "${pid[$t]}"
	check "$t: the known keys lie in its frames" at_least "$mapped" "$(stat -c %s "$data/$t.expected")"
	check "$t: no frame beyond its own" at_least "$owned" $((mapped + free))
	check "$t: the pages came by its policy" at_least "$pages" 1000
	# extent answers for a window of pages, and is not asked for the rest.
	check "$t: which was asked" at_least "$upcalls" 200
	check "$t: no bad command" is "$bad" 0
done < <(jq -r '.instances[] | [.name, .state, .members[0].pid, .memory.mapped, .memory.free,
	.memory.owned, .faults.total + .around, .faults.upcall, .bad_commands] | @tsv' "$answer")
end

begin "unbind b, end both tenants"
check "DELETE binding of b: 204" answers 204 DELETE "/v1/instances/b/bindings/${pid[b]}"
cli a shutdown nosave >/dev/null 2>&1
cli b shutdown nosave >/dev/null 2>&1
wait "${pid[a]}" "${pid[b]}"
check "every frame of a came home" until_true 10 nothing_mapped a
check "every frame of b came home" until_true 10 nothing_mapped b
end

begin "delete the instances"
check "DELETE a: 204" answers 204 DELETE /v1/instances/a
check "DELETE b: 204" answers 204 DELETE /v1/instances/b
check "a is unknown: 404" answers 404 GET /v1/instances/a
pool_whole() {
	rest GET /v1/stats >/dev/null
	[[ $(field .pool.free) == "$pool_bytes" ]]
}
check "the pool is whole again" until_true 10 pool_whole
end

if ((failures > 0)); then
	echo "        $failures checks FAILED"
	exit 1
fi
echo "        every check held"
