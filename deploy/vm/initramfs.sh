#!/bin/bash
# SPDX-License-Identifier: MIT
#
# initramfs.sh DIR RELEASE: writes DIR/initrd when the kernel has its virtio
# drivers as modules; nothing when they are built in.
# initramfs.sh --probe FILE: an initramfs whose init says that the guest runs
# and powers off.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{bin,dev,proc,sys,root,mod}
cp /bin/busybox "$work/bin/busybox"
chmod 0755 "$work"

pack() {
	(cd "$work" && find . | cpio --quiet -o -H newc) >"$1.tmp"
	mv "$1.tmp" "$1"
}

if [[ $1 == --probe ]]; then
	cat >"$work/init" <<'END'
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
echo usm-guest-runs >/dev/ttyS0
/bin/busybox poweroff -f
END
	ln -s busybox "$work/bin/sh"
	sed -i '1s,.*,#!/bin/busybox sh,' "$work/init"
	chmod 0755 "$work/init"
	pack "$2"
	exit
fi

dir=$1 release=$2
mapfile -t modules < <(
	for m in virtio_pci virtiofs virtio_console; do
		modprobe -d "$dir" -S "$release" --show-depends "$m"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
)
((${#modules[@]} > 0)) || exit 0

n=0
for m in "${modules[@]}"; do
	cp "$m" "$work/mod/$(printf '%02d' $n).ko"
	n=$((n + 1))
done
cat >"$work/init" <<'END'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
for m in /mod/*.ko; do
	$b insmod $m || echo "usm: cannot load $m" >/dev/kmsg
done
init=/sbin/init tag=
for word in $($b cat /proc/cmdline); do
	case $word in
	usm_init=*) init=${word#usm_init=} ;;
	usm_root=*) tag=${word#usm_root=} ;;
	esac
done
$b umount /proc
$b mount -t virtiofs -o ro $tag /root || $b poweroff -f
exec $b switch_root /root $init
END
ln -s busybox "$work/bin/sh"
chmod 0755 "$work/init"
pack "$dir/initrd"
