#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Behind ./run lint: every checker beside the others, each with its own log.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

usage() {
	cat <<'END'
usage: ./run lint [CHECK...]

Checks: format (clang-format) tidy (clang-tidy) cppcheck sparse (the module)
shell (shellcheck) clang (all of userspace compiled with clang). Default: all.
./run lint --fix rewrites C files the way clang-format wants them.
END
}

cd "$USM_ROOT"
logs=$USM_BUILD/lint
c_dirs=(api kernel daemons controlplane tests)

c_files() {
	find "${c_dirs[@]}" -name '*.[ch]' | sort
}

check_format() {
	c_files | xargs -r -n 20 -P "$(nproc)" clang-format --dry-run -Werror
}

# The userspace half only: the module is sparse's. A file that was clean is
# looked at again when it, a header or the configuration has changed.
check_tidy() {
	local common file key
	common=$({ find "${c_dirs[@]}" -name '*.h' | sort && echo .clang-tidy tests/.clang-tidy; } |
		xargs cat | sha256sum)
	mkdir -p "$logs/tidy"
	find daemons controlplane tests -name '*.c' | sort | while read -r file; do
		key=$(printf '%s' "$file $common" | cat - "$file" | sha256sum | cut -c1-32)
		[[ -e $logs/tidy/$key ]] || printf '%s\0%s\0' "$file" "$logs/tidy/$key"
	done | xargs -0 -r -n 2 -P "$(nproc)" "$USM_ROOT/deploy/lint/tidy-file.sh"
}

# Suppressed: what it takes for leaks and unset variables where the "cleanup"
# attribute and list macros are at work (clang's analyzer looks at those), and
# glibc functions that are safe where they are used.
check_cppcheck() {
	mkdir -p "$logs/cppcheck"
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--error-exitcode=1 --cppcheck-build-dir="$logs/cppcheck" --library=posix \
		--suppress=missingIncludeSystem --suppress=unknownMacro \
		--suppress=resourceLeak --suppress=uninitvar --suppress=readdirCalled \
		--suppress=getgrnamCalled --suppress=nullPointerRedundantCheck -j "$(nproc)" \
		-D_GNU_SOURCE -D__linux__ -D__x86_64__ -I api -I daemons -I controlplane daemons controlplane
}

check_sparse() {
	local kdir
	kdir=$("$USM_ROOT/deploy/vm/kernel.sh" stock)/kdir
	USM_BUILD=$logs "$USM_ROOT/deploy/vm/module.sh" "$kdir" C=2 W=1 >/dev/null
	! grep -E '/src/(kernel|api)/[^:]*:[0-9]+:[0-9]+: (warning|error):' "$logs"/kernel/*/build.log
}

check_shell() {
	local scripts
	mapfile -t scripts < <(
		echo run
		echo .ci/run
		find deploy kernel tests daemons controlplane -name '*.sh' -o -name '*.rc' | sort
	)
	printf '%s\0' "${scripts[@]}" | xargs -0 -n 4 -P "$(nproc)" shellcheck -x
}

check_clang() {
	[[ -e $logs/clang/build.ninja ]] ||
		CC=clang cmake -S "$USM_ROOT" -B "$logs/clang" -G Ninja || return
	ninja -C "$logs/clang" --quiet -k 0
}

all=(format shell cppcheck clang sparse tidy)
chosen=()
while (($# > 0)); do
	case $1 in
	-h | --help) usage && exit ;;
	--fix)
		"$USM_ROOT/deploy/host/packages.sh"
		c_files | xargs -r clang-format -i
		exit
		;;
	*)
		[[ " ${all[*]} " == *" $1 "* ]] || die 2 "no check '$1'; see ./run lint --help"
		chosen+=("$1")
		;;
	esac
	shift
done
((${#chosen[@]} > 0)) || chosen=("${all[@]}")

"$USM_ROOT/deploy/host/packages.sh"
mkdir -p "$logs"
if [[ " ${chosen[*]} " == *" tidy "* ]]; then
	cmake -S "$USM_ROOT" -B "$USM_BUILD" -G Ninja >"$logs/cmake.log"
fi
bad=()
for check in "${chosen[@]}"; do
	start=$EPOCHREALTIME code=0
	# A shell of its own, so that "set -e" holds inside of the check.
	("check_$check") >"$logs/$check.log" 2>&1 || code=$?
	printf '%-9s %6s s  ' "$check" "$(elapsed_since "$start")"
	if ((code == 0)); then
		echo clean
	else
		echo "NOT CLEAN"
		bad+=("$check")
		head -n 100 "$logs/$check.log"
	fi
done
if ((${#bad[@]} > 0)); then
	echo "not clean: ${bad[*]}; logs: $logs/*.log" >&2
	exit 1
fi
