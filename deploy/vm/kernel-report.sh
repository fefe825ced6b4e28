#!/bin/bash
# SPDX-License-Identifier: MIT
#
# kernel-report.sh LOG...: prints every line of the kernel logs that reports
# an error of the kernel itself. Exit 0 when there is none, 1 otherwise.
set -euo pipefail

report='\bBUG\b|WARNING:|\bOops\b|general protection fault|Kernel panic'
report+='|Bad rss-counter|Bad page|bad: scheduling|scheduling while atomic'
report+='|sleeping function called|KASAN|KCSAN|KFENCE|UBSAN:|kmemleak: '
report+='|possible (circular|recursive|irq)|inconsistent lock state'
report+='|suspicious RCU|held lock freed|lock held when returning'
report+='|refcount_t:|list_(add|del) corruption|rcu: .*detected (expedited )?stall|self-detected stall|rcu: .*kthread (starved|timer)'
report+='|blocked for more than|soft lockup|hard LOCKUP|unable to handle'
report+='|nobody cared|page allocation failure.*usm|still has .* when unload'

# Said by healthy kernels at boot.
harmless='ommand line: |KFENCE: initialized|kfence: initialized|DEBUG_LOCKS_WARN_ON enabled'
harmless+='|kmemleak: (Kernel memory leak detector|Automatic memory scanning)'
harmless+='|Spectre V2 : WARNING|UBSAN: enabled'
# The checker's own, where a test lets allocations fail.
harmless+='|kmemleak: Cannot allocate a scan area, scanning the full object'

existing=()
for log in "$@"; do
	[[ ! -s $log ]] || existing+=("$log")
done
((${#existing[@]} > 0)) || exit 0
found=$(tr -d '\r' <"${existing[0]}" | cat - "${existing[@]:1}" | tr -d '\r' |
	grep -aE "$report" | grep -avE "$harmless" | awk '!seen[$0]++' | head -n 40) || true
[[ -n $found ]] || exit 0
printf '%s\n' "$found"
exit 1
