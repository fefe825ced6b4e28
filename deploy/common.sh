# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Sourced by every script of the harness: where things are and how to speak.
# Messages go to stderr, so that stdout stays what a command prints.

USM_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
USM_BUILD=${USM_BUILD:-$USM_ROOT/build}
USM_CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/usm
export USM_ROOT USM_BUILD USM_CACHE

say() {
	printf '%s\n' "usm: $*" >&2
}

# die CODE MESSAGE...
die() {
	local code=$1
	shift
	printf '%s\n' "usm: error: $*" >&2
	exit "$code"
}

# step NAME COMMAND...: runs it, says how long it took.
step() {
	local name=$1 start=$EPOCHREALTIME
	shift
	say "$name ..."
	"$@"
	say "$name: $(elapsed_since "$start") s"
}

# elapsed_since EPOCHREALTIME: seconds with one decimal.
elapsed_since() {
	awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'
}

# size_bytes SIZE: 128M, 1G, 64K or plain bytes, as bytes.
size_bytes() {
	local n=${1%[KMGkmg]}
	[[ $n =~ ^[0-9]+$ ]] || return 1
	case $1 in
	*[Kk]) echo $((n << 10)) ;;
	*[Mm]) echo $((n << 20)) ;;
	*[Gg]) echo $((n << 30)) ;;
	*) echo "$n" ;;
	esac
}

# need_value OPTION COUNT: an option that must be followed by a value.
need_value() {
	(($2 >= 2)) || die 125 "$1 needs a value"
}
