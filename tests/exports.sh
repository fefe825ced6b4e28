#!/bin/sh
# SPDX-License-Identifier: MIT
# exports.sh PROGRAM LIST: the program exports exactly the functions of LIST.
set -eu
exported=$(nm -D --defined-only "$1" | sed -n 's/.* T \(usm_.*\)/\1/p' | sort)
listed=$(sed -n 's/^[[:space:]]*\(usm_[a-z_]*\);$/\1/p' "$2" | sort)
[ -n "$listed" ]
[ "$exported" = "$listed" ] && exit 0
echo "exported:"
echo "$exported"
echo "listed:"
echo "$listed"
exit 1
