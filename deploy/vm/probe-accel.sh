#!/bin/bash
# SPDX-License-Identifier: MIT
#
# probe-accel.sh KERNEL-DIR: prints the qemu options for the fastest processor
# emulation on which a guest really boots. /dev/kvm may be there and still not
# be able to run one, so the only proof is a boot. The answer holds until the
# next boot of this machine, or another kernel or qemu.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

# A guest under working KVM is through in about one second.
probe_limit_s=10

dir=$1
kvm="-accel kvm -cpu host"
# rep stosb is emulated byte by byte: without it pages are cleared by words.
# QEMU before 8.0 leaves rubbish in EFLAGS after cmpxchg16b, which every kmalloc
# uses where it may: an interrupt just then ends in a double fault.
# With five-level page tables KASAN takes addresses for wild ones while the kernel
# gathers its processor's features anew, should a timer interrupt come then.
tcg="-accel tcg,thread=multi -cpu max,-erms,-fsrm,-cx16,-la57"

if [[ ! -r /dev/kvm || ! -w /dev/kvm || ${USM_ACCEL:-} == tcg ]]; then
	echo "$tcg"
	exit
fi

key=$(cat /proc/sys/kernel/random/boot_id "$dir/release" <(qemu-system-x86_64 --version) \
	<(echo "$kvm $tcg") | sha256sum | cut -c1-16)
answer=$USM_CACHE/accel-$key
mkdir -p "$USM_CACHE"
exec 9>"$USM_CACHE/.lock-accel"
flock 9
if [[ ! -s $answer ]]; then
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	"$USM_ROOT/deploy/vm/initramfs.sh" --probe "$work/initrd"
	# In a shell of its own, which keeps quiet about an aborted qemu.
	# shellcheck disable=SC2086 # options, split on purpose
	(
		timeout -k 1 $probe_limit_s qemu-system-x86_64 $kvm -m 256M -nodefaults \
			-display none -no-reboot -kernel "$dir/bzImage" -initrd "$work/initrd" \
			-append "console=ttyS0 panic=-1" -serial "file:$work/console" \
			</dev/null || true
	) >/dev/null 2>&1
	if grep -qs usm-guest-runs "$work/console"; then
		say "KVM: a guest boots, using it"
		echo "$kvm" >"$answer"
	else
		say "KVM: no guest boots within $probe_limit_s s, using emulation (TCG)"
		echo "$tcg" >"$answer"
	fi
fi
cat "$answer"
