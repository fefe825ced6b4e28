#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds a small x86-64 guest kernel from Debian's linux-source package and
# keeps it in the cache.  The last line of standard output is the result
# directory:
#
#   bzImage  the kernel            release  its release, as uname -r prints it
#   config   its .config           kdir/    make -C kdir M=… builds modules
#
# The result is keyed by fragments, source package version and recipe version;
# what is already there is only printed.  Delete the cache at any time.

set -euo pipefail

readonly SERIES=6.12
readonly SOURCE_PACKAGE=linux-source-$SERIES
readonly TARBALL=/usr/src/$SOURCE_PACKAGE.tar.xz
# Raise it when a change to this script changes what it builds: old results
# are then no longer used.
readonly RECIPE=1
# Unpacked tree, objects and result together, with room to spare.
readonly NEED_MIB=3072
readonly REPORT_SECONDS=5

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
	cat <<USAGE
Usage: ${0##*/} NAME

Builds the guest kernel NAME, unless the cache has it, and prints its
directory on the last line of standard output.

  cma    Linux $SERIES with the contiguous memory allocator; boot it with cma=SIZE
  debug  the same with KASAN, lockdep and the memory management checks

Environment:
  XDG_CACHE_HOME  the cache is \$XDG_CACHE_HOME/usm/kernels (default ~/.cache)
  USM_JOBS        parallel compiler jobs (default: one per processor)
USAGE
}

say() {
	printf 'kernel %s: %s\n' "$name" "$*" >&2
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# Fragments of a kernel, in the order they are merged: later ones win.
fragments_of() {
	case $1 in
	cma) printf '%s\n' base.config cma.config ;;
	debug) printf '%s\n' base.config cma.config debug.config ;;
	*) return 1 ;;
	esac
}

# Compiled objects of a full build, which only scales the progress figure.
objects_of() {
	case $1 in
	cma) echo 1420 ;;
	debug) echo 1460 ;;
	esac
}

install_packages() {
	local -a apt=(apt-get -o DPkg::Lock::Timeout=120 -q -y)

	[[ $EUID -eq 0 ]] ||
		die "missing packages; as root: apt-get install --no-install-recommends $*"
	say "installing from Debian: $*"
	export DEBIAN_FRONTEND=noninteractive
	"${apt[@]}" install --no-install-recommends "$@" >&2 || {
		"${apt[@]}" update >&2
		"${apt[@]}" install --no-install-recommends "$@" >&2
	} || die "apt could not install: $*"
}

installed_version() {
	# shellcheck disable=SC2016 # dpkg-query's own variables
	dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$1" 2>/dev/null |
		awk '$1 == "installed" { print $2 }'
}

# The installed version, else the one apt would install: a kept cache is of
# use on a machine that never had the source.
source_version() {
	local version

	version=$(installed_version "$SOURCE_PACKAGE")
	if [[ -z $version ]]; then
		version=$(apt-cache policy "$SOURCE_PACKAGE" 2>/dev/null |
			awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }')
	fi
	printf '%s\n' "$version"
}

# The lines of all fragments that count, one per symbol, comments dropped.
wanted_lines() {
	local fragment

	for fragment in "${fragments[@]}"; do
		cat "$here/$fragment"
	done | awk '
		/^CONFIG_[A-Za-z0-9_]+=/ { split($0, part, "="); symbol = part[1] }
		/^# CONFIG_[A-Za-z0-9_]+ is not set$/ { symbol = $2 }
		symbol != "" {
			if (!(symbol in line)) order[++count] = symbol
			line[symbol] = $0
			symbol = ""
		}
		END { for (i = 1; i <= count; i++) print line[order[i]] }'
}

result_directory() {
	local version=$1 key

	key=$(printf '%s\n' "$wanted" "$name" "$version" "$RECIPE" | sha256sum)
	printf '%s/%s-%s\n' "$cache" "$name" "${key:0:16}"
}

install_missing() {
	local package
	local -a missing=()

	for package in "$SOURCE_PACKAGE" bc bison flex gcc libc6-dev \
		libelf-dev make xz-utils; do
		[[ -n $(installed_version "$package") ]] || missing+=("$package")
	done
	[[ ${#missing[@]} -eq 0 ]] || install_packages "${missing[@]}"
	[[ -r $TARBALL ]] || die "$SOURCE_PACKAGE is installed but $TARBALL cannot be read"
}

check_space() {
	local free

	free=$(df --output=avail -m "$cache" | awk 'NR == 2 { print $1 }')
	[[ $free -ge $NEED_MIB ]] ||
		die "$cache has $free MiB free, building needs $NEED_MIB MiB"
}

# A clean environment: nothing a caller exports may reach the kernel build.
# The flag affects diagnostics alone and saves a sixth of the compile time.
kernel_make() {
	env -i PATH="$PATH" HOME=/nonexistent LC_ALL=C \
		KBUILD_BUILD_USER=usm KBUILD_BUILD_HOST=usm \
		nice -n 10 make -C "$work/source" -j "$jobs" \
		KCFLAGS=-ftrack-macro-expansion=0 "$@"
}

# Leaves out sources of drivers that no fragment can switch on; their Kconfig
# files have to stay.
unpack() {
	local top=$SOURCE_PACKAGE

	say "unpacking $TARBALL"
	mkdir "$work/source"
	xz -dc -T0 "$TARBALL" | tar -x -C "$work/source" --strip-components=1 \
		--exclude="$top/drivers/gpu/drm/*/*.[ch]" \
		--exclude="$top/drivers/media/*.[ch]" \
		--exclude="$top/drivers/net/*/*.[ch]" \
		--exclude="$top/sound/*.[ch]" \
		--exclude="$top/tools/testing/*"
}

configure() {
	local line symbol
	local -a lost=()

	say "configuring: ${fragments[*]}"
	printf '%s\nCONFIG_LOCALVERSION="-usm-%s"\n' "$wanted" "$name" >"$work/wanted.config"
	(cd "$work/source" && env -i PATH="$PATH" HOME=/nonexistent LC_ALL=C \
		scripts/kconfig/merge_config.sh -n "$work/wanted.config") >"$log" 2>&1

	while read -r line; do
		symbol=${line#\# }
		symbol=${symbol%%[= ]*}
		if [[ $line == \#* ]]; then
			! grep -q "^$symbol=" "$work/source/.config" || lost+=("$line")
		else
			grep -qxF "$line" "$work/source/.config" || lost+=("$line")
		fi
	done <<<"$wanted"
	if [[ ${#lost[@]} -gt 0 ]]; then
		: >"$log"
		say "settings that .config does not have, see their dependencies:"
		printf '  %s\n' "${lost[@]}" >&2
		return 1
	fi
}

report() {
	local seconds=$1 count percent

	count=$(grep -cE '^  (CC|AS|HOSTCC) ' "$log" || true)
	percent=$((count * 100 / expected))
	[[ $percent -lt 100 ]] || percent=99
	say "compiling, $count objects, $percent %, $((seconds / 60)):$(printf %02d $((seconds % 60)))"
}

compile() {
	local status=0 started=$SECONDS

	: >"$log"
	# With job control it gets a process group, which clean_up can end whole.
	set -m
	kernel_make bzImage modules >"$log" 2>&1 &
	make_pid=$!
	set +m
	while kill -0 "$make_pid" 2>/dev/null; do
		report $((SECONDS - started))
		sleep "$REPORT_SECONDS" &
		wait -n "$make_pid" $! || true
	done
	wait "$make_pid" || status=$?
	make_pid=
	return "$status"
}

# The kernel's own list of what an external module build needs, as Debian's
# header package uses it.
collect() {
	local source=$work/source result=$work/result

	say "collecting the result"
	mkdir "$result"
	# The inner make expands srctree.
	# shellcheck disable=SC2016
	kernel_make run-command KBUILD_RUN_COMMAND='$(srctree)/scripts/package/install-extmod-build '"$result/kdir" >>"$log" 2>&1
	cp "$source/.config" "$result/kdir/.config"
	cp "$source/.config" "$result/config"
	cp "$source/System.map" "$result/kdir/System.map"
	cp "$source/arch/x86/boot/bzImage" "$result/bzImage"
	cp "$source/include/config/kernel.release" "$result/release"
}

# shellcheck disable=SC2317 # the EXIT trap calls it
# Runs on every exit: a result is either complete or not there at all.
clean_up() {
	local status=$?

	[[ -z ${make_pid:-} ]] || kill -- "-$make_pid" 2>/dev/null || true
	wait
	if [[ $status -ge 128 ]]; then
		say "interrupted"
	elif [[ $status -ne 0 && -s $log ]]; then
		cp "$log" "$cache/$name.failed.log" || true
		tail -n 30 "$log" >&2 || true
		say "failed; the full log is $cache/$name.failed.log"
	fi
	rm -rf "$work"
}

build() {
	local result=$1 started=$SECONDS

	rm -rf "$cache/.building-$name".*
	check_space
	work=$(mktemp -d "$cache/.building-$name.XXXXXX")
	log=$work/log
	: >"$log"
	trap clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP

	unpack
	configure
	compile
	collect
	mv -T "$work/result" "$result"
	rm -f "$cache/$name.failed.log"
	say "built $(<"$result/release") in $((SECONDS - started)) s, $(du -sm "$result" | cut -f1) MiB"
}

main() {
	local version result lock

	case ${1:-} in
	-h | --help) usage && exit 0 ;;
	esac
	[[ $# -eq 1 ]] || { usage >&2 && exit 2; }
	name=$1
	mapfile -t fragments < <(fragments_of "$name")
	[[ ${#fragments[@]} -gt 0 ]] || die "no kernel named '$name'; there are: cma, debug"
	# Read once: an edit during the build must not get under the old key.
	wanted=$(wanted_lines)
	expected=$(objects_of "$name")
	jobs=${USM_JOBS:-$(nproc)}
	[[ $jobs =~ ^[1-9][0-9]*$ ]] || die "USM_JOBS: '$jobs' is not a positive number"
	cache=${XDG_CACHE_HOME:-$HOME/.cache}/usm/kernels
	[[ $cache != *[[:space:]:]* ]] ||
		die "the kernel cannot be built below '$cache': a space or colon in the path"
	mkdir -p "$cache"

	version=$(source_version)
	result=
	[[ -z $version ]] || result=$(result_directory "$version")
	if [[ -z $result || ! -d $result ]]; then
		exec {lock}>"$cache/.$name.lock"
		until flock -w "$REPORT_SECONDS" "$lock"; do
			say "waiting for another build of it to end"
		done
		install_missing
		result=$(result_directory "$(source_version)")
		[[ -d $result ]] || build "$result"
	fi
	printf '%s\n' "$result"
}

# One line, so that an edit of this file does not reach a build that runs.
main "$@"; exit
