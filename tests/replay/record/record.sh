#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Records the traces in tests/replay/traces anew. Needs what the tests do not:
# qemu-user, redis, sqlite3.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../deploy/common.sh"

usage() {
	cat <<'END'
usage: tests/replay/record/record.sh [TRACE...]

Runs real programs under qemu-x86_64 with a plugin that sees every load and
store, and writes tests/replay/traces/TRACE.trace: redis gcc sqlite (default:
all). Set QEMU to the emulator if it is not in the PATH, and USM_BUILD to the
build directory if it is not build/.

  redis   10000 keys of 300 to 1100 bytes, then 8000 requests, skewed, a tenth
          of them writes
  gcc     the compiler proper, -O1, on one file of this project
  sqlite  the shell, a table in memory with an index, filled, then 8000
          statements: skewed queries and updates by key, ranges, four scans
END
}

qemu=${QEMU:-qemu-x86_64}
plugin=$USM_BUILD/tests/replay/usm-record-pages.so
here=$USM_ROOT/tests/replay
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Addresses are the same every time.
recorded() {
	local name=$1
	shift
	setarch -R "$qemu" -plugin "$plugin,out=$here/traces/$name.trace,window=128" "$@"
}

record_gcc() {
	gcc -E -O1 -D_GNU_SOURCE -I"$USM_ROOT/api" -I"$USM_ROOT/daemons" \
		"$USM_ROOT/daemons/instance/policies/alloc/extent.c" -o "$work/extent.i"
	recorded gcc "$(gcc -print-prog-name=cc1)" -quiet -O1 "$work/extent.i" -o /dev/null
}

record_sqlite() {
	"$here/record/load.sh" sql >"$work/sql"
	recorded sqlite "$(type -P sqlite3)" -batch :memory: <"$work/sql" >/dev/null
}

record_redis() {
	local socket=$work/redis.sock server tries=0
	"$here/record/load.sh" redis-fill >"$work/fill"
	"$here/record/load.sh" redis-use >"$work/use"
	recorded redis "$(type -P redis-server)" --port 0 --unixsocket "$socket" \
		--save "" --appendonly no >"$work/log" &
	server=$!
	until redis-cli -s "$socket" ping >/dev/null 2>&1; do
		((++tries < 100)) || die 1 "redis-server does not answer"
		sleep 0.1
	done
	redis-cli -s "$socket" <"$work/fill" >/dev/null
	redis-cli -s "$socket" <"$work/use" >/dev/null
	redis-cli -s "$socket" shutdown nosave || true
	wait "$server"
}

traces=(redis gcc sqlite)
chosen=()
while (($# > 0)); do
	case $1 in
	-h | --help) usage && exit ;;
	redis | gcc | sqlite) chosen+=("$1") ;;
	*) die 2 "no trace '$1'; see --help" ;;
	esac
	shift
done
type -P "$qemu" >/dev/null || die 1 "$qemu: not found; apt install qemu-user"
[[ -e $plugin ]] || die 1 "$plugin: not built"
for trace in "${chosen[@]:-${traces[@]}}"; do
	"record_$trace"
	ls -l "$here/traces/$trace.trace"
done
