#!/bin/bash
# SPDX-License-Identifier: MIT
#
# packages.sh: installs what is missing of the packages that building, the
# virtual machines, tests and lint need. Nothing to do takes milliseconds.
# packages.sh --only PACKAGE...: these instead.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

# One per line, with what it is for.
packages() {
	grep -o '^[^# ]*' <<'END'
ca-certificates      # package sources over https
git                  # the soak runner keys its state by tree
curl                 # REST calls of demo and tests
jq                   # JSON in shell tests
bc                   # kernel build
bison                # kernel build
flex                 # kernel build
libelf-dev           # kernel build
libssl-dev           # kernel build
cpio                 # initramfs
rsync                # copies of the module's sources
xz-utils             # kernel sources
kmod                 # depmod, insmod
iproute2             # lo in the guest
procps               # tests look at processes
make                 # Kbuild
gcc                  # the compiler Debian builds its kernels with
g++                  # cmake looks for one in some find modules
clang                # second compiler
clang-format         # lint
clang-tidy           # lint
cppcheck             # lint
sparse               # lint of the module
shellcheck           # lint
cmake                # build
ninja-build          # build
pkg-config           # build
python3              # helpers of integration tests
python3-jsonschema   # REST answers held against their description
python3-yaml         # reads that description
libmicrohttpd-dev    # REST server
libcjson-dev         # JSON
libcurl4-openssl-dev # REST client
libsystemd-dev       # readiness, journal
libcgroup-dev        # cgroups
libck-dev            # lock-free structures
libcriterion-dev     # unit tests
liblz4-dev           # compressed swap
libzstd-dev          # compressed swap
liburing-dev         # swap loads; io_uring cases of tests and kernel selftests
libcap-dev           # kernel selftests
libnuma-dev          # kernel selftests
gdb                  # tests read members with a debugger
valgrind             # tests count instructions
stress-ng            # tests run it as a tenant
qemu-system-x86      # virtual machines
qemu-system-common   # virtiofsd
seabios              # guest firmware
busybox-static       # initramfs
prometheus           # promtool: tests check the metrics with it
redis-server         # tenant of demo and tests
redis-tools          # redis-benchmark, redis-cli
END
}


# missing PACKAGE...: those that are not installed.
missing() {
	comm -23 <(printf '%s\n' "$@" | sort -u) \
		<(dpkg-query -W -f '${Package} ${db:Status-Status}\n' |
			awk '$2 == "installed" { print $1 }' | sort -u)
}

# Services of packages stay off: their programs are wanted, nothing else.
guard=/usr/sbin/policy-rc.d
guarded=0
unguard() {
	((guarded == 0)) || rm -f "$guard"
}

install() {
	apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 \
		-y --no-install-recommends install "$@" >"$log" 2>&1
}

if [[ ${1:-} == -h || ${1:-} == --help ]]; then
	echo "usage: ./run setup    installs these packages from Debian:"
	packages | tr '\n' ' ' | fold -s
	echo
	exit
fi
if [[ ${1:-} == --only ]]; then
	shift
	wanted=("$@")
else
	mapfile -t wanted < <(packages)
fi
mapfile -t todo < <(missing "${wanted[@]}")
((${#todo[@]} > 0)) || exit 0
((EUID == 0)) || die 125 "packages are missing and only root can install them: ${todo[*]}"

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp /tmp/usm-packages.XXXXXX)
trap unguard EXIT
if [[ ! -e $guard ]]; then
	guarded=1
	printf '#!/bin/sh\nexit 101\n' >"$guard"
	chmod 0755 "$guard"
fi
say "installing ${#todo[@]} Debian packages: ${todo[*]}"
start=$EPOCHREALTIME
if ! install "${todo[@]}"; then
	say "refreshing the package lists"
	apt-get -qq update >&2 || die 125 "apt-get update failed: is the network there?"
	if ! install "${todo[@]}"; then
		tail -n 20 "$log" >&2
		die 125 "apt-get install failed; whole log: $log"
	fi
fi
for program in redis-server prometheus; do
	if [[ " ${todo[*]} " == *" $program "* ]]; then
		systemctl --quiet disable "$program.service" 2>/dev/null || true
	fi
done
rm -f "$log"
say "packages installed in $(elapsed_since "$start") s"
