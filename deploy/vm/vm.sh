#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Behind ./run vm and ./run shell; see usage().
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
here=$USM_ROOT/deploy/vm

usage() {
	cat <<'END'
usage: ./run vm [OPTIONS] -- COMMAND [ARGUMENTS]
       ./run shell [OPTIONS]

Boots a virtual machine whose file system is this machine's own, read-only,
with tmpfs over /tmp /run /root /home /srv and the writable parts of /var.
Loads the module, starts the manager, runs COMMAND in the current directory and
shows its output as it comes.

  --kernel NAME     stock (default: Debian's 6.12), stock-6.1, cma, ...
  --pool SIZE       frames under USM's control (default 256M)
  --cpus N          default 2
  --memory SIZE     of the guest (default 2G)
  --time-limit S    seconds from power-on (default 300; 0: none)
  --no-module       do not load the module (nor start the manager)
  --no-manager      do not start the manager
  --module-args A   more parameters for the module
  --append ARGS     more words for the kernel's command line
  --visible PATH    a path under a covered directory that stays visible;
                    may be repeated
  --no-build        take the programs in build/bin as they are
  --one-thread      emulate all CPUs in turn: slower, and safe from QEMU's
                    stale translations where code is patched all the time
  --count-instructions
                    emulate all CPUs in turn, with one virtual nanosecond
                    (and one tick of the time stamp counter) per instruction
  --plugin FILE     load a plugin into the emulator
  --keep            leave manager and module as they are after COMMAND

Files that COMMAND writes to the directory $USM_OUT arrive in build/vm/RUN/out;
the kernel's log is build/vm/RUN/dmesg.log; build/vm/last is the latest run.
Variables whose names begin with USM_ are passed on; build/bin is in PATH.

Exit code: COMMAND's own, or 124 time limit, 125 the harness failed, 126 the
kernel reported an error (or the module could not be unloaded).
END
}

kernel=stock pool=256M cpus=2 memory=2G limit=300 append='' module=1 manager=1
module_args='' keep=0 one_thread=0 count=0 plugin='' build=1 interactive=0 visible=() command=()
while (($# > 0)); do
	case $1 in
	--kernel) need_value "$1" $# && kernel=$2 && shift ;;
	--pool) need_value "$1" $# && pool=$2 && shift ;;
	--cpus) need_value "$1" $# && cpus=$2 && shift ;;
	--memory) need_value "$1" $# && memory=$2 && shift ;;
	--time-limit) need_value "$1" $# && limit=$2 && shift ;;
	--append) need_value "$1" $# && append=$2 && shift ;;
	--module-args) need_value "$1" $# && module_args=$2 && shift ;;
	--visible) need_value "$1" $# && visible+=("$(readlink -f "$2")") && shift ;;
	--no-module) module=0 manager=0 ;;
	--no-manager) manager=0 ;;
	--no-build) build=0 ;;
	--one-thread) one_thread=1 ;;
	--count-instructions) count=1 ;;
	--plugin) need_value "$1" $# && plugin=$(readlink -f "$2") && shift ;;
	--keep) keep=1 ;;
	--interactive) interactive=1 ;;
	-h | --help) usage && exit ;;
	--)
		shift
		command=("$@")
		break
		;;
	*) die 125 "unknown option '$1' (a command follows '--'); see ./run vm --help" ;;
	esac
	shift
done
pool_bytes=$(size_bytes "$pool") || die 125 "--pool: '$pool' is no size (128M, 1G, bytes)"
memory_bytes=$(size_bytes "$memory") || die 125 "--memory: '$memory' is no size (512M, 2G, bytes)"
[[ $cpus =~ ^[1-9][0-9]*$ ]] || die 125 "--cpus: '$cpus' is no number"
[[ $limit =~ ^[0-9]+$ ]] || die 125 "--time-limit: '$limit' is no number of seconds"
((pool_bytes < memory_bytes)) || die 125 "--pool: $pool does not fit into a guest of $memory"
if ((interactive)); then
	limit=0
	[[ -t 0 && -t 1 ]] || die 125 "./run shell needs a terminal; for one command use ./run vm"
	((${#command[@]} > 0)) || command=(/bin/bash --noprofile --rcfile "$here/shell.rc" -i)
fi
((${#command[@]} > 0)) || die 125 "no command; see ./run vm --help"
[[ $USM_ROOT != *[[:space:]\"]* ]] ||
	die 125 "the checkout's path must have no blanks (it goes on a kernel command line): $USM_ROOT"
((EUID == 0)) || die 125 "run it as root: the file system is shared with the guest by virtiofsd"
if ((build)); then
	"$USM_ROOT/deploy/host/build.sh" --userspace ||
		die 125 "the build failed; --no-build takes the programs that are there"
else
	"$USM_ROOT/deploy/host/packages.sh"
fi

kernel_dir=$("$here/kernel.sh" "$kernel") || exit 125
accel=$("$here/probe-accel.sh" "$kernel_dir") || exit 125
((one_thread == 0)) || accel=${accel/thread=multi/thread=single}
if ((count)); then
	accel=$(USM_ACCEL=tcg "$here/probe-accel.sh" "$kernel_dir")
	accel="${accel/thread=multi/thread=single} -icount shift=0,sleep=off"
fi
[[ -z $plugin ]] || accel+=" -plugin $plugin"
ko=
if ((module)) && [[ -e $USM_ROOT/kernel/Kbuild ]]; then
	ko=$("$here/module.sh" "$kernel_dir/kdir") || exit 125
fi
manager_binary=
if ((manager)) && [[ -x $USM_BUILD/bin/usm-manager ]]; then
	manager_binary=$USM_BUILD/bin/usm-manager
fi
# The area must hold the pool and what drivers take from it at boot.
! grep -qs "^CONFIG_DMA_CMA=y" "$kernel_dir/config" || append+=" cma=$(((pool_bytes >> 20) + 32))M"
# Under KASAN the loops in the older board's interrupt routing tables run into
# the interpreter's time limit, 30 s for each of four; the newer's have none.
machine=pc
! grep -qs "^CONFIG_KASAN=y" "$kernel_dir/config" || machine=q35
modules=
[[ ! -d $kernel_dir/modules ]] || modules=$(readlink -f "$kernel_dir/modules")

mkdir -p "$USM_BUILD/vm"
run=$(mktemp -d "$USM_BUILD/vm/$(date +%m%d-%H%M%S).XXXX")
mkdir "$run/out"
chmod 0755 "$run"
chmod 0777 "$run/out"
ln -sfn "$run" "$USM_BUILD/vm/last"
# Logs of the latest runs stay for reading.
find "$USM_BUILD/vm" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' |
	sort -rn | tail -n +41 | cut -d' ' -f2- | xargs -r rm -rf --

{
	guest_cwd=$PWD guest_command=("${command[@]}") guest_interactive=$interactive
	guest_ko=$ko guest_pool=$pool_bytes guest_module_args=$module_args
	guest_manager=$manager_binary guest_keep=$keep guest_rows=24 guest_cols=80
	! ((interactive)) || read -r guest_rows guest_cols < <(stty size)
	declare -p guest_cwd guest_command guest_interactive guest_ko guest_pool \
		guest_module_args guest_manager guest_keep guest_rows guest_cols
	while IFS= read -r v; do
		[[ $v == USM_RUN || $v == USM_OUT ]] || declare -p "$v"
	done < <(compgen -e USM_)
	export TERM=${TERM:-linux}
	declare -p TERM
} >"$run/guest.env"
printf '%s\n' "$USM_ROOT" "$USM_CACHE" "$PWD" "${visible[@]}" >"$run/visible"
echo "$modules" >"$run/modules"
{
	memory=$memory_bytes limit_s=$limit
	declare -p kernel_dir accel machine cpus memory limit_s interactive append
} >"$run/machine"

log=$run/dmesg.log
# boot: one life of the guest. Sets code and report.
boot() {
	code=0 report=
	setpriv --pdeathsig TERM "$here/boot.sh" "$run" || code=$?
	if [[ -s $run/out/.dmesg ]]; then
		mv "$run/out/.dmesg" "$log"
	else
		cp "$run/kmsg.log" "$log" 2>/dev/null || : >"$log"
	fi
	report=$("$here/kernel-report.sh" "$log" "$run/console.log") || true
}

# QEMU before 8.1 may run a stale translation of code that another processor
# has just patched: an int3 that nobody owns, or nonsense while the kernel
# still patches itself. That is the emulator's doing only before the command
# has started, and, but for the int3, before the module is there.
boots=3
emulator_fault() {
	[[ -n $report && $accel == *tcg* && ! -e $run/out/.started ]] || return
	[[ $report == *"Oops: int3"* ]] ||
		! grep -qs usm_lkmRM "$log" "$run/console.log"
}
boot
while emulator_fault && ((--boots > 0)); do
	say "the emulator ran stale code while the guest booted; booting again"
	mv "$run/console.log" "$run/console.stale.log"
	boot
done
if [[ -n $report ]]; then
	printf '%s\n' "usm: error: the kernel reported:" "$report" "usm: whole log: $log, $run/console.log" >&2
	exit 126
fi
case $code in
0) ;;
124)
	say "error: time limit of $limit s; end of the kernel's log ($log):"
	tail -n 20 "$log" >&2
	tail -n 5 "$run/console.log" >&2
	exit 124
	;;
*) exit "$code" ;;
esac
if [[ ! -s $run/status ]]; then
	tail -n 20 "$run/console.log" >&2
	die 125 "the guest ended without saying how; logs: $run"
fi
code=$(<"$run/status")
((code == 0)) || say "exit code $code; logs: $run"
exit "$code"
