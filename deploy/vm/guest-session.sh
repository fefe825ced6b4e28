#!/bin/bash
# SPDX-License-Identifier: MIT
#
# PID 1 of the guest, second half: loads the module, starts the manager, runs
# the command, takes everything down again and powers off. USM_RUN/guest.env
# says what to do.
# No "set -e" here either: PID 1 must reach the power-off whatever fails.
set -u
export HOME=/root TERM=${TERM:-linux} USM_OUT=/run/out

# port NAME: the device of a virtio port.
port() {
	local f
	for f in /sys/class/virtio-ports/*/name; do
		if [[ $(<"$f") == "$1" ]]; then
			f=${f%/name}
			echo "/dev/${f##*/}"
			return
		fi
	done
	echo /dev/ttyS0
}

finish() {
	echo "$1" >"$(port usm.status)"
	# Not through sysrq: it comes back before the devices are gone.
	exec busybox poweroff -f
}

guest_cwd=/ guest_command=(true) guest_interactive=0 guest_ko='' guest_pool=0
guest_module_args='' guest_manager='' guest_keep=0 guest_rows=24 guest_cols=80
# shellcheck source=/dev/null
. "$USM_RUN/guest.env" || finish 125
export USM_ROOT
export PATH=$USM_BUILD/bin:$PATH

dmesg -w >"$(port usm.kmsg)" 2>/dev/null &
kmsg=$!
if ((guest_interactive)); then
	exec >/dev/hvc0 2>&1 </dev/hvc0
	echo 4 >/proc/sys/kernel/printk
else
	# Relays, because a virtio port can be opened once only, and commands
	# may open /dev/stderr again.
	exec > >(exec cat >"$(port usm.stdout)")
	relays=($!)
	exec 2> >(exec cat >"$(port usm.stderr)")
	relays+=($!)
	exec </dev/null
fi

note() {
	echo "usm: $*" >&2
}

cma_free_kb() {
	awk '$1 == "CmaFree:" { print $2 }' /proc/meminfo
}

load_module() {
	local reason
	[[ -n $guest_ko ]] || return 0
	USM_CMA_BEFORE_KB=$(cma_free_kb)
	# shellcheck disable=SC2086 # parameters, split on purpose
	if ! reason=$(insmod "$guest_ko" pool="$guest_pool" $guest_module_args 2>&1); then
		note "error: the module does not load: $reason"
		dmesg | tail -n 15 >&2
		return 1
	fi
	USM_CMA_AFTER_KB=$(cma_free_kb)
	export USM_CMA_BEFORE_KB USM_CMA_AFTER_KB
}

manager=
start_manager() {
	local i
	[[ -n $guest_manager ]] || return 0
	"$guest_manager" >/run/out/manager.log 2>&1 </dev/null &
	manager=$!
	for ((i = 0; i < 400; i++)); do
		[[ ! -S /run/usm/usm.sock ]] || return 0
		kill -0 "$manager" 2>/dev/null || break
		sleep 0.05
	done
	note "error: the manager has no socket /run/usm/usm.sock; its log:"
	cat /run/out/manager.log >&2
	return 1
}

# Everything the command left behind, whatever it did about sessions.
command_group=/sys/fs/cgroup/command
run_command() {
	: >/run/out/.started
	busybox mkdir "$command_group"
	(
		echo 0 >"$command_group/cgroup.procs"
		cd "$guest_cwd" || exit 125
		export LANG=C.UTF-8
		if ((guest_interactive)); then
			stty rows "$guest_rows" cols "$guest_cols" 2>/dev/null
			exec setsid -c "${guest_command[@]}"
		fi
		exec setsid "${guest_command[@]}"
	)
	code=$?
	echo 1 >"$command_group/cgroup.kill"
	for ((i = 0; i < 200; i++)); do
		grep -q "populated 0" "$command_group/cgroup.events" && break
		sleep 0.02
	done
}

stop_manager() {
	local i
	[[ -n $manager ]] || return 0
	kill "$manager" 2>/dev/null
	for ((i = 0; i < 200; i++)); do
		kill -0 "$manager" 2>/dev/null || return 0
		sleep 0.05
	done
	note "error: the manager did not end within 10 s after SIGTERM"
	kill -9 "$manager"
	return 1
}

unload_module() {
	local i reason
	[[ -d /sys/module/usm_lkmRM ]] || return 0
	for ((i = 0; i < 50; i++)); do
		reason=$(rmmod usm_lkmRM 2>&1) && return 0
		sleep 0.1
	done
	note "error: the module does not unload: $reason" \
		"(refcount $(</sys/module/usm_lkmRM/refcnt))"
	return 1
}

code=125
if load_module && start_manager; then
	run_command
	if ! ((guest_keep)); then
		stop_manager || code=126
		unload_module || code=126
	fi
fi
# What a checking kernel has found, and that its checks were still on.
kernel_checks() {
	local i
	if [[ -r /proc/lockdep_stats ]] && ! grep -q "debug_locks: *1" /proc/lockdep_stats; then
		echo "WARNING: lockdep switched itself off" >/dev/kmsg
	fi
	[[ -w /sys/kernel/debug/kmemleak ]] || return 0
	# Younger objects are not reported.
	sleep 6
	for i in 1 2; do
		echo scan >/sys/kernel/debug/kmemleak
	done
	# One write for each line: that is one record of the log.
	sed -u 's/^/kmemleak: /' /sys/kernel/debug/kmemleak >/dev/kmsg
}
kernel_checks
dmesg >/run/out/.dmesg

if ! ((guest_interactive)); then
	exec >/dev/null 2>&1
	# Output still on its way; a process left outside may hold a relay open.
	for ((i = 0; i < 100; i++)); do
		kill -0 "${relays[@]}" 2>/dev/null || break
		sleep 0.02
	done
fi
kill "$kmsg" 2>/dev/null
finish "$code"
