#!/bin/bash
# SPDX-License-Identifier: MIT
#
# module.sh KDIR [MAKE-ARGUMENTS...]: builds usm_lkmRM.ko for the kernel whose build tree is
# KDIR and prints its path. The sources are copied first, so that the tree
# stays clean; make decides from the copies' times what to compile again.
# KDIR may also be a release, meaning /usr/src/linux-headers-RELEASE.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

kdir=${1:?usage: module.sh KDIR [MAKE-ARGUMENTS...]}
shift
[[ -d $kdir ]] || kdir=/usr/src/linux-headers-$kdir
[[ -e $kdir/Makefile ]] || die 125 "$kdir is no kernel build tree"
kdir=$(readlink -f "$kdir")
# A generated file: "make kernelrelease" would take a second of every run.
release=$(sed -n 's/^#define UTS_RELEASE "\(.*\)"$/\1/p' "$kdir/include/generated/utsrelease.h")
[[ -n $release ]] || die 125 "$kdir is not prepared for building modules"

out=$USM_BUILD/kernel/$release
mkdir -p "$out/src"
exec 9>"$out/.lock"
flock 9
# By content and without times: a changed file is always newer than its object.
rsync -r --checksum --delete --exclude '*.o' --exclude '*.ko' --exclude '*.mod' --exclude '*.mod.c' \
	--exclude '.*' --exclude 'modules.order' --exclude 'Module.symvers' --exclude '*.generated.h' \
	--exclude 'probes.h' "$USM_ROOT/kernel" "$USM_ROOT/api" "$out/src/"

ko=$out/usm_lkmRM.ko
newer=$(find "$out/src" -type f \( -name '*.[chS]' -o -name 'Kbuild*' -o -name '*.sh' \) \
	-newer "$ko" -print -quit 2>/dev/null) || true
if [[ ! -e $ko || -n $newer || $# -gt 0 || $kdir/Module.symvers -nt $ko ]]; then
	log=$out/build.log
	if ! make -C "$kdir" M="$out/src/kernel" -j"$(nproc)" "$@" modules >"$log" 2>&1; then
		cat "$log" >&2
		die 125 "the module does not compile for $release"
	fi
	grep -E "warning:|error:" "$log" >&2 || true
	cp "$out/src/kernel/usm_lkmRM.ko" "$ko.new"
	mv "$ko.new" "$ko"
fi
echo "$ko"
