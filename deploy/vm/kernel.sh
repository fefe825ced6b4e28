#!/bin/bash
# SPDX-License-Identifier: MIT
#
# kernel.sh NAME: makes a kernel ready to boot and to build modules for, and
# prints its directory:
#   bzImage    what qemu boots
#   release    the kernel's release string
#   config     its .config
#   kdir       link to the build tree for modules
#   modules    its /lib/modules/RELEASE (may be missing: nothing is modular)
#   initrd     only where virtio is modular
# Names: stock (Debian's newest 6.12), stock-6.1 (newest 6.1), and everything
# that deploy/kernels/build.sh can build.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

name=${1:?usage: kernel.sh NAME}
here=$USM_ROOT/deploy/vm

# The newest package of a series that apt knows of; empty when none.
newest_package() {
	apt-cache pkgnames "linux-image-$1" 2>/dev/null |
		grep -E "^linux-image-$1[^ ]*-cloud-amd64\$" | sort -V | tail -n 1
}

apt_update() {
	say "refreshing the package lists"
	apt-get -qq update >&2 ||
		die 125 "apt-get update failed: is the network there?"
}

# Unpacks the package into $1. Needs no rights beyond the cache directory.
download() {
	local dir=$1 package=$2 tmp
	tmp=$(mktemp -d "$USM_CACHE/kernels/.new.XXXXXX")
	# shellcheck disable=SC2064 # the value of now
	trap "rm -rf '$tmp'" EXIT
	chmod 0755 "$tmp"
	(cd "$tmp" && apt-get -qq -o APT::Sandbox::User=root download "$package" >&2) ||
		{
			apt_update
			(cd "$tmp" && apt-get -qq -o APT::Sandbox::User=root download "$package" >&2)
		} ||
		die 125 "apt-get download $package failed: is the network there?"
	dpkg -x "$tmp"/*.deb "$tmp/root"
	rm -f "$tmp"/*.deb
	local release=${package#linux-image-}
	mkdir "$tmp/done"
	mv "$tmp/root/boot/vmlinuz-$release" "$tmp/done/bzImage"
	mv "$tmp/root/boot/config-$release" "$tmp/done/config"
	mv "$tmp/root/lib" "$tmp/done/lib"
	depmod -b "$tmp/done" "$release"
	ln -s "lib/modules/$release" "$tmp/done/modules"
	echo "$release" >"$tmp/done/release"
	"$here/initramfs.sh" "$tmp/done" "$release"
	mv "$tmp/done" "$dir"
	rm -rf "$tmp"
}

# Headers are needed by the module's build only, but always for that.
install_headers() {
	local release=$1
	[[ -e /usr/src/linux-headers-$release/Makefile ]] && return
	say "installing linux-headers-$release"
	"$USM_ROOT/deploy/host/packages.sh" --only "linux-headers-$release"
}

stock() {
	local series=$1 package release dir
	package=$(newest_package "$series")
	if [[ -z $package ]]; then
		apt_update
		package=$(newest_package "$series")
	fi
	[[ -n $package ]] ||
		die 125 "apt knows no linux-image-$series*-cloud-amd64: are Debian's" \
			"bookworm and bookworm-security in the package sources?"
	release=${package#linux-image-}
	dir=$USM_CACHE/kernels/$release
	if [[ ! -e $dir/release ]]; then
		say "fetching $package"
		download "$dir" "$package"
	fi
	install_headers "$release"
	ln -sfn "/usr/src/linux-headers-$release" "$dir/kdir"
	echo "$dir"
}

mkdir -p "$USM_CACHE/kernels"
exec 9>"$USM_CACHE/kernels/.lock-$name"
flock 9

case $name in
stock) stock 6.12. ;;
stock-6.1) stock 6.1.0- ;;
*)
	[[ -x $USM_ROOT/deploy/kernels/build.sh ]] ||
		die 125 "no kernel '$name' (there are: stock, stock-6.1)"
	"$USM_ROOT/deploy/kernels/build.sh" "$name" | tail -n 1
	;;
esac
