#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Behind ./run build; see usage().
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

usage() {
	cat <<'END'
usage: ./run build [--userspace | --programs | --sanitized] [--kernel NAME]...

Compiles daemons, tools and tests to build/, and the module for the kernels
named (default: stock). --userspace leaves the module out, --programs the
module and the tests. --sanitized compiles userspace and its unit tests with
AddressSanitizer (leaks, too) and UndefinedBehaviorSanitizer, to
build/sanitized/.
END
}

kernels=() userspace=0 targets=() dir=$USM_BUILD options=()
while (($# > 0)); do
	case $1 in
	--userspace) userspace=1 ;;
	--programs) userspace=1 targets=(usm-instance usm-manager usmctl) ;;
	--sanitized)
		userspace=1 dir=$USM_BUILD/sanitized
		options=("-DUSM_SANITIZE=address;undefined")
		;;
	--kernel) need_value "$1" $# && kernels+=("$2") && shift ;;
	-h | --help) usage && exit ;;
	*) die 2 "unknown option '$1'; see ./run build --help" ;;
	esac
	shift
done

"$USM_ROOT/deploy/host/packages.sh"
mkdir -p "$dir"
exec 8>"$dir/.lock"
flock 8
log=$dir/build.log
if [[ ! -e $dir/build.ninja ]]; then
	cmake -S "$USM_ROOT" -B "$dir" -G Ninja "${options[@]}" >"$log" 2>&1 || {
		cat "$log" >&2
		die 125 "cmake failed"
	}
fi
start=$EPOCHREALTIME
[[ -d $dir/bin ]] || say "compiling userspace"
ninja -C "$dir" "${targets[@]}" >"$log" 2>&1 || {
	grep -v '^\[[0-9]*/[0-9]*\] ' "$log" >&2 || cat "$log" >&2
	die 125 "userspace does not compile"
}
if grep -q 'Linking\|Building' "$log"; then
	say "compiled userspace in $(elapsed_since "$start") s"
fi
flock -u 8
((userspace == 0)) || exit 0
((${#kernels[@]} > 0)) || kernels=(stock)
for kernel in "${kernels[@]}"; do
	dir=$("$USM_ROOT/deploy/vm/kernel.sh" "$kernel")
	say "module: $("$USM_ROOT/deploy/vm/module.sh" "$dir/kdir")"
done
