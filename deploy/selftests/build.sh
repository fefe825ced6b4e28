#!/bin/bash
# SPDX-License-Identifier: MIT
#
# build.sh: compiles the kernel's own memory management tests
# (tools/testing/selftests/mm) from Debian's linux-source package, and as a
# module for the stock kernel what some of them drive (mm/gup_test.c), and
# prints the directory with the programs. It is cached, keyed by package
# version, kernel, compiler and this script; build/selftests leads there.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

readonly PACKAGE=linux-source-6.12
readonly TARBALL=/usr/src/$PACKAGE.tar.xz

# Left out: what needs a driver that is not built here (hmm-tests), poisons
# memory for good, or is about hugetlbfs and nothing else.
readonly PROGRAMS=(
	cow droppable gup_longterm gup_test hugetlb-madvise khugepaged ksm_functional_tests
	ksm_tests madv_populate map_fixed_noreplace map_populate mdwe_test
	memfd_secret migration mkdirty mlock-random-test mlock2-tests mrelease_test
	mremap_dontunmap mremap_test mseal_test on-fault-limit pagemap_ioctl
	pkey_sighandler_tests_64 protection_keys_64 soft-dirty
	split_huge_page_test transhuge-stress uffd-stress uffd-unit-tests
)

# What "make headers" and the tests themselves include.
readonly PARTS=(
	Makefile Kbuild scripts include usr mm/gup_test.h mm/gup_test.c
	arch/x86/Makefile arch/x86/Makefile_32.cpu arch/x86/include
	arch/x86/entry/syscalls arch/x86/tools
	tools/include tools/arch/x86/include tools/testing/selftests/lib.mk
	tools/testing/selftests/kselftest.h
	tools/testing/selftests/kselftest_harness.h tools/testing/selftests/x86
	tools/testing/selftests/mm
)

unpack() {
	say "kernel selftests: unpacking $TARBALL"
	xz -dc -T0 "$TARBALL" |
		tar -x -C "$1" --strip-components=1 "${PARTS[@]/#/$PACKAGE/}"
}

# A clean environment, as for the kernel: nothing exported may get in.
selftests_make() {
	env -i PATH="$PATH" HOME=/nonexistent LC_ALL=C make -j "$(nproc)" "$@"
}

compile() {
	local source=$1 out=$2 mm=$1/tools/testing/selftests/mm
	selftests_make -C "$source" headers
	# khugepaged.c of this version forgets to include it.
	selftests_make -C "$mm" EXTRA_CFLAGS="-include $mm/../kselftest.h" \
		"${PROGRAMS[@]/#/$mm/}"
	(cd "$mm" && cp -t "$out" "${PROGRAMS[@]}")
}

# Debian's kernels have no gup_test built in, and it is not made to be a module:
# it lacks a license and this header.
compile_module() {
	local kdir=$1 source=$2/gup out=$3
	mkdir "$source"
	cp -t "$source" "$2/mm/gup_test.c" "$2/mm/gup_test.h"
	cat >"$source/gup_test_module.c" <<'END'
#include <linux/module.h>
#include "gup_test.c"
MODULE_LICENSE("GPL");
END
	echo 'obj-m := gup_test_module.o' >"$source/Kbuild"
	selftests_make -C "$kdir" M="$source" modules
	cp -t "$out" "$source/gup_test_module.ko"
}

compile_all() {
	compile "$2" "$3" && compile_module "$1" "$2" "$3"
}

"$USM_ROOT/deploy/host/packages.sh"
"$USM_ROOT/deploy/host/packages.sh" --only "$PACKAGE"
kernel=$("$USM_ROOT/deploy/vm/kernel.sh" stock)
kdir=$(readlink -f "$kernel/kdir")
key=$({
	dpkg-query -W -f '${Version}\n' "$PACKAGE"
	gcc --version
	echo "$kdir"
	cat "${BASH_SOURCE[0]}"
} | sha256sum | cut -c1-16)
result=$USM_CACHE/selftests/$key

mkdir -p "$USM_CACHE/selftests" "$USM_BUILD"
exec 9>"$USM_CACHE/selftests/.lock"
flock 9
if [[ ! -d $result ]]; then
	work=$(mktemp -d "$USM_CACHE/selftests/.new.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	chmod 0755 "$work"
	mkdir "$work/source" "$work/done"
	log=$USM_BUILD/selftests-build.log
	unpack "$work/source"
	say "kernel selftests: compiling ${#PROGRAMS[@]} programs"
	compile_all "$kdir" "$work/source" "$work/done" >"$log" 2>&1 || {
		grep -E "error|Error" "$log" >&2 || tail -n 20 "$log" >&2
		die 125 "the kernel's selftests do not compile; log: $log"
	}
	mv -T "$work/done" "$result"
fi
ln -sfn "$result" "$USM_BUILD/selftests"
echo "$result"
