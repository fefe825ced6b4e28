#!/bin/bash
# SPDX-License-Identifier: MIT
# What one more operation costs, in instructions, counted by callgrind:
#
#   instructions.sh at-most LIMIT PROGRAM WHAT   at most LIMIT
#   instructions.sh flat PROGRAM FEW MANY        the same for both, within 2 %
#
# PROGRAM WHAT N does WHAT N times. The difference between two runs leaves out
# what starting and ending cost.
set -euo pipefail

FEW_TIMES=1000
MANY_TIMES=11000
# The first times are dearer: stacks are opened, symbols bound.
FLAT_PERCENT=2

count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        --max-stackframe=1000000000 "$@" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

# Thousandths of an instruction.
each() {
    local few many
    few=$(count "$1" "$2" "$FEW_TIMES")
    many=$(count "$1" "$2" "$MANY_TIMES")
    [[ -n $few && -n $many ]] || {
        echo "$1 $2 fails under callgrind" >&2
        exit 1
    }
    echo $(((many - few) * 1000 / (MANY_TIMES - FEW_TIMES)))
}

show() {
    printf '%s: %d.%03d instructions\n' "$1" $(($2 / 1000)) $(($2 % 1000))
}

case ${1-} in
at-most)
    cost=$(each "$3" "$4")
    show "$4" "$cost"
    ((cost > 0 && cost <= $2 * 1000)) || {
        echo "more than $2"
        exit 1
    }
    ;;
flat)
    few=$(each "$2" "$3")
    many=$(each "$2" "$4")
    show "$3" "$few"
    show "$4" "$many"
    ((few > 0 && many * 100 <= few * (100 + FLAT_PERCENT))) || {
        echo "not flat"
        exit 1
    }
    ;;
*)
    echo "usage: ${0##*/} at-most LIMIT PROGRAM WHAT | flat PROGRAM FEW MANY" >&2
    exit 2
    ;;
esac
