#!/bin/bash
# SPDX-License-Identifier: MIT
#
# boot.sh RUN-DIR: boots the guest described by RUN-DIR/machine and returns
# when it has powered off. RUN-DIR/machine sets
#   kernel_dir  as printed by kernel.sh      accel    qemu options
#   cpus memory                              machine  qemu's board
#   limit_s     0 for none
#   interactive 1: the guest's console is this terminal
#   append      more words for the kernel's command line
# Files made in RUN-DIR: console.log (warnings and worse, survives a panic),
# kmsg.log (the whole kernel log as it came), status (the command's exit code),
# out/ (shared with the guest, writable). Exit: 0 the guest ended by itself,
# 124 the time limit, 125 it could not be started.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

run=$1
kernel_dir='' accel='' machine=pc cpus='' memory='' limit_s=0 interactive=0 append=''
# shellcheck source=/dev/null
. "$run/machine"

virtiofsd=/usr/lib/qemu/virtiofsd
[[ -x $virtiofsd ]] || die 125 "$virtiofsd is missing: ./run setup"

# Whatever ends this script, SIGKILL included, ends its children.
with_us=(setpriv --pdeathsig KILL)

# Sockets have short names (108 bytes), whatever the checkout's path is.
sockets=$(mktemp -d /tmp/usm-vm.XXXXXX)
pids=()
stop() {
	local pid
	for pid in "${pids[@]}"; do
		kill -9 "$pid" 2>/dev/null || true
	done
	rm -rf "$sockets"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# share NAME DIRECTORY MODE: one virtiofsd, waits for its socket.
share() {
	local i
	"${with_us[@]}" "$virtiofsd" --socket-path="$sockets/$1" -o source="$2" -o sandbox=chroot \
		-o cache="$3" -o modcaps=+sys_admin:+dac_override --thread-pool-size=0 \
		-o log_level=err >"$run/virtiofsd-$1.log" 2>&1 </dev/null &
	pids+=($!)
	for ((i = 0; i < 100; i++)); do
		[[ ! -S $sockets/$1 ]] || return 0
		kill -0 $! 2>/dev/null || break
		sleep 0.05
	done
	cat "$run/virtiofsd-$1.log" >&2
	die 125 "virtiofsd did not start for $2"
}

share root / always
share out "$run/out" none

words="USM_RUN=$run console=ttyS0 loglevel=5 log_buf_len=4M panic=-1 oops=panic"
words+=" rcupdate.rcu_cpu_stall_timeout=60 no_timer_check mitigations=off"
words+=" tsc=reliable random.trust_cpu=on printk.devkmsg=on $append"
[[ $accel != *tcg* ]] || words+=" tsc_early_khz=$("$USM_ROOT/deploy/vm/tsc-khz.sh")"
init=$USM_ROOT/deploy/vm/guest-init.sh
boot=(-kernel "$kernel_dir/bzImage")
if [[ -e $kernel_dir/initrd ]]; then
	boot+=(-initrd "$kernel_dir/initrd")
	words+=" usm_root=hostroot usm_init=$init"
else
	words+=" rootfstype=virtiofs root=hostroot ro init=$init"
fi

# shellcheck disable=SC2206,SC2054 # accel is split on purpose, commas are qemu's
qemu=(qemu-system-x86_64 $accel
	-name usm -nodefaults -no-user-config -display none -no-reboot
	-machine "$machine,usb=off" -smp "$cpus" -m "${memory}B"
	-object "memory-backend-memfd,id=mem,size=${memory},share=on"
	-numa node,memdev=mem
	"${boot[@]}" -append "$words"
	-chardev "file,id=console,path=$run/console.log" -serial chardev:console
	-chardev "socket,id=fs0,path=$sockets/root"
	-device vhost-user-fs-pci,chardev=fs0,tag=hostroot,queue-size=1024
	-chardev "socket,id=fs1,path=$sockets/out"
	-device vhost-user-fs-pci,chardev=fs1,tag=out
	-device virtio-serial-pci
	-chardev "file,id=kmsg,path=$run/kmsg.log"
	-device virtserialport,chardev=kmsg,name=usm.kmsg
	-chardev "file,id=status,path=$run/status"
	-device virtserialport,chardev=status,name=usm.status
	-device virtio-rng-pci)

if ((interactive)); then
	# shellcheck disable=SC2054 # qemu's commas
	qemu+=(-chardev stdio,id=tty,signal=off
		-device virtconsole,chardev=tty)
	trap '' INT
	# In the foreground, so that it owns the terminal.
	"${qemu[@]}" || die 125 "qemu failed"
	exit 0
fi

# The descriptors are passed by number: they may be pipes, files or terminals.
# shellcheck disable=SC2054 # qemu's commas
qemu+=(-add-fd fd=11,set=1 -chardev file,id=stdout,path=/dev/fdset/1,append=on
	-device virtserialport,chardev=stdout,name=usm.stdout
	-add-fd fd=12,set=2 -chardev file,id=stderr,path=/dev/fdset/2,append=on
	-device virtserialport,chardev=stderr,name=usm.stderr)
"${with_us[@]}" "${qemu[@]}" 11>&1 12>&2 >"$run/qemu.log" 2>&1 </dev/null &
vm=$!
pids+=("$vm")
if ((limit_s > 0)); then
	(
		# Sleeps without a process that could be left behind.
		exec {never}<> <(:)
		read -rt "$limit_s" -u "$never" || true
		kill -0 $$ || exit
		: >"$run/timed-out"
		kill -9 "$vm"
	) 2>/dev/null >&2 </dev/null &
	guard=$!
	pids+=("$guard")
fi
code=0
# Quietly: bash would report the guard's kill.
{ wait "$vm" || code=$?; } 2>/dev/null
if ((limit_s > 0)); then
	{ kill -9 "$guard" && wait "$guard"; } 2>/dev/null || true
fi
[[ ! -e $run/timed-out ]] || exit 124
if ((code != 0)); then
	cat "$run/qemu.log" >&2
	die 125 "qemu ended with $code"
fi
