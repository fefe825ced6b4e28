#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Behind ./run test and ./run soak; see usage().
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../deploy/common.sh"

usage() {
	cat <<'END'
usage: ./run test [--list] [PATTERN...]
       ./run soak [--list] [--restart] [PATTERN...]

Runs the suites whose names match a PATTERN of the shell (default: all): unit
and race tests on the host, then those of tests/vm/suites.list, each in its own
virtual machine. Closes with the number of tests passed and failed; exit 0
only when none failed.

soak runs the same programs at full counts. What passed is remembered for the
sources as they are, and left out when it is started again; --restart forgets.
END
}

mode=$1
shift
list=0 restart=0 patterns=()
while (($# > 0)); do
	case $1 in
	--list) list=1 ;;
	--restart) restart=1 ;;
	-h | --help) usage && exit ;;
	-*) die 2 "unknown option '$1'; see ./run $mode --help" ;;
	*) patterns+=("$1") ;;
	esac
	shift
done

# Budgets of what runs on the host, in seconds: test and soak.
unit_budget=(60 60)
sanitized_budget=(150 150)
race_budget=(120 1800)
column=0
if [[ $mode == soak ]]; then
	column=1
	export USM_SOAK=1
fi

names=() kernels=() budgets=() lines=()
add_suite() {
	local p
	if ((${#patterns[@]} > 0)); then
		for p in "${patterns[@]}"; do
			# shellcheck disable=SC2053 # a pattern on purpose
			[[ $1 != $p ]] || break
		done
		# shellcheck disable=SC2053 # a pattern on purpose
		[[ $1 == $p ]] || return 0
	fi
	names+=("$1") kernels+=("$2") budgets+=("$3") lines+=("$4")
}

read_suites() {
	local name on test_budget soak_budget rest kernel
	add_suite unit - "${unit_budget[column]}" ""
	add_suite sanitized - "${sanitized_budget[column]}" ""
	add_suite race - "${race_budget[column]}" ""
	while read -r name on test_budget soak_budget rest; do
		[[ -n $name && $name != \#* ]] || continue
		((column == 0)) || test_budget=$soak_budget
		[[ $test_budget != - ]] || continue
		for kernel in ${on//,/ }; do
			if [[ $kernel == */soak ]]; then
				((column == 1)) || continue
				kernel=${kernel%/soak}
			fi
			add_suite "$name@$kernel" "$kernel" "$test_budget" "$rest"
		done
	done <"$USM_ROOT/tests/vm/suites.list"
	((${#names[@]} > 0)) || die 2 "no suite matches; ./run $mode --list shows them"
}

# run_on_host LABEL LOG
run_on_host() {
	local dir=$USM_BUILD label=$1
	if [[ $1 == sanitized ]]; then
		dir+=/sanitized label=unit
	fi
	if [[ $mode == soak && $1 == race ]]; then
		label='race(-soak)?'
	fi
	ctest --test-dir "$dir" -L "^$label\$" -j "$(nproc)" \
		--no-tests=error -V >"$2" 2>&1
}

# run_in_vm INDEX LOG
run_in_vm() {
	local kernel=${kernels[$1]} budget=${budgets[$1]} options command
	options=${lines[$1]%%-- *}
	command=${lines[$1]#*-- }
	# shellcheck disable=SC2086 # words of the list, split on purpose
	setpriv --pdeathsig TERM "$USM_ROOT/run" vm --no-build --kernel "$kernel" --time-limit "$budget" \
		$options -- $command >"$2" 2>&1
}

# count LOG CODE: sets ok, bad and skipped from what a suite printed.
count() {
	local log=$1 code=$2 tested
	ok=0 bad=0 skipped=0
	# Criterion closes each program with a line of its own.
	tested=$(grep -ao 'Tested: [0-9]* | Passing: [0-9]*' "$log" |
		awk '{ t += $2; p += $5 } END { print t + 0, p + 0 }') || true
	ok=${tested#* }
	bad=$((${tested% *} - ok))
	skipped=$(grep -acE '^ok .*# SKIP' "$log") || true
	ok=$((ok + $(grep -acE '^([0-9]+: )?ok ' "$log") - skipped)) || true
	bad=$((bad + $(grep -acE '^([0-9]+: )?not ok ' "$log"))) || true
	# Plain programs under ctest say nothing but their exit code.
	if ((ok + bad == 0)); then
		tested=$(sed -n 's/.* \([0-9]*\) tests failed out of \([0-9]*\)$/\1 \2/p' "$log")
		[[ -z $tested ]] || bad=${tested% *} ok=$((${tested#* } - ${tested% *}))
	fi
	if ((code == 77)); then
		skipped=$((skipped + 1))
	elif ((code != 0 && bad == 0)); then
		bad=1
	elif ((code == 0 && ok + bad + skipped == 0)); then
		ok=1
	fi
}

# Which sources a soak's results are for.
sources_key() {
	(cd "$USM_ROOT" && find api kernel daemons controlplane tests deploy/vm -type f -print0 |
		sort -z | xargs -0 sha256sum) | sha256sum | cut -c1-16
}

read_suites
if ((list)); then
	for i in "${!names[@]}"; do
		printf '%-32s %5s s\n' "${names[i]}" "${budgets[i]}"
	done
	exit
fi

start_all=$EPOCHREALTIME
step "build" "$USM_ROOT/deploy/host/build.sh" --userspace
if [[ " ${names[*]} " == *" sanitized "* ]]; then
	step "build with sanitizers" "$USM_ROOT/deploy/host/build.sh" --sanitized
fi
for kernel in $(printf '%s\n' "${kernels[@]}" | sort -u); do
	[[ $kernel != - ]] || continue
	step "kernel and module: $kernel" "$USM_ROOT/deploy/host/build.sh" --kernel "$kernel"
done

if [[ " ${names[*]}" == *" selftests@"* ]]; then
	step "kernel selftests" "$USM_ROOT/deploy/selftests/build.sh" >/dev/null
fi

logs=$USM_BUILD/$mode
mkdir -p "$logs"
if [[ $mode == soak ]]; then
	done_list=$logs/passed.$(sources_key)
	((restart == 0)) || rm -f "$done_list"
	touch "$done_list"
fi

passed=0 failed=0 skipped_all=0 failures=()
for i in "${!names[@]}"; do
	name=${names[i]} log=$logs/${names[i]}.log
	if [[ $mode == soak ]] && read -r _ ok skipped < <(awk -v n="$name" '$1 == n' "$done_list"); then
		printf '%-32s passed earlier\n' "$name"
		passed=$((passed + ok)) skipped_all=$((skipped_all + skipped))
		continue
	fi
	printf '%-32s budget %5s s ' "$name" "${budgets[i]}"
	for attempt in 1 2; do
		start=$EPOCHREALTIME code=0
		if [[ ${kernels[i]} == - ]]; then
			run_on_host "$name" "$log" || code=$?
		else
			run_in_vm "$i" "$log" || code=$?
		fi
		# Not ours: see "stale code" in deploy/vm/vm.sh.
		[[ $code == 126 && $attempt == 1 ]] || break
		grep -q 'Oops: int3' "$log" || break
		printf '(emulator ran stale code, again) '
	done
	took=$(elapsed_since "$start")
	count "$log" "$code"
	passed=$((passed + ok)) failed=$((failed + bad)) skipped_all=$((skipped_all + skipped))
	printf 'took %6s s  %4d passed, %d failed' "$took" "$ok" "$bad"
	((skipped == 0)) || printf ', %d skipped' "$skipped"
	if awk -v t="$took" -v b="${budgets[i]}" 'BEGIN { exit !(t > b) }'; then
		printf '  OVER BUDGET'
	fi
	printf '\n'
	if ((bad > 0)); then
		failures+=("$name")
		printf '    exit code %d; %s, its end:\n' "$code" "$log"
		{
			grep -aE '(^|: )not ok |\[FAIL\]|\[----\]|Assertion|error:' "$log" | head -n 20 || true
			tail -n 25 "$log"
		} | sed 's/^/    /'
	elif [[ $mode == soak ]]; then
		echo "$name $ok $skipped" >>"$done_list"
	fi
done

echo "total time $(elapsed_since "$start_all") s"
((${#failures[@]} == 0)) || echo "failed suites: ${failures[*]}"
if ((skipped_all > 0)); then
	echo "$passed passed, $failed failed, $skipped_all skipped"
else
	echo "$passed passed, $failed failed"
fi
((failed == 0))
