#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# PID 1 of the guest, first half: mounts. The root is the host's, read-only;
# what programs must write to is covered with tmpfs. USM_RUN (from the kernel's
# command line) is the run directory; its file "visible" lists the paths that
# stay visible even when they lie under a cover.
# Busybox, because a fork is several times cheaper here than an exec, and
# without "set -e", because PID 1 must reach the power-off whatever fails.
set -u
unset BOOT_IMAGE usm_init usm_root
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
b=/bin/busybox

$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
$b mkdir -p /dev/pts /dev/shm
$b mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
$b mount -t tmpfs -o mode=1777 shm /dev/shm
$b ln -sfn /proc/self/fd /dev/fd
$b ln -sfn /proc/self/fd/0 /dev/stdin
$b ln -sfn /proc/self/fd/1 /dev/stdout
$b ln -sfn /proc/self/fd/2 /dev/stderr
$b mount -t cgroup2 cgroup2 /sys/fs/cgroup
$b mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
$b mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null

# The host's root stays reachable until the covers have their holes.
$b mount -o bind / /mnt
$b mount -t tmpfs -o mode=1777 tmp /tmp
for d in /run /var/lib /var/log /var/tmp /var/cache /var/spool /root /home /srv; do
	if [ -d "$d" ] && ! [ -L "$d" ]; then
		mode=0755
		[ "$d" != /var/tmp ] || mode=1777
		$b mount -t tmpfs -o mode=$mode tmpfs "$d"
	fi
done
while IFS= read -r path; do
	[ ! -e "$path" ] || continue
	if [ -d "/mnt$path" ]; then
		$b mkdir -p "$path"
	else
		$b mkdir -p "${path%/*}"
		: >"$path"
	fi
	$b mount -o bind "/mnt$path" "$path"
done <"/mnt$USM_RUN/visible"
$b umount -l /mnt

$b mkdir -p /run/lock /run/out /run/usm /var/lib/dpkg
$b mount -t virtiofs out /run/out
if [ -d /usr/lib/modules ] && [ -s "$USM_RUN/modules" ]; then
	read -r modules <"$USM_RUN/modules"
	$b mount -t tmpfs modules /usr/lib/modules
	$b ln -s "$modules" "/usr/lib/modules/${modules##*/}"
fi

$b ip link set lo up
echo usm >/proc/sys/kernel/hostname
for c in cpu memory pids io cpuset; do
	echo "+$c" >/sys/fs/cgroup/cgroup.subtree_control
done 2>/dev/null
# A guest that has to share its processors must not be taken for a hung one.
echo 30 2>/dev/null >/proc/sys/kernel/watchdog_thresh

exec /bin/bash "${0%/*}/guest-session.sh"
