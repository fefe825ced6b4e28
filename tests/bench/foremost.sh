#!/bin/bash
# SPDX-License-Identifier: MIT
#
# foremost.sh NICENESS COMMAND...: runs it ahead of what else the machine does;
# as a session of its own, that ends with its parent.
set -euo pipefail

niceness=$1
shift
[[ ! -w /proc/self/autogroup ]] || echo "$niceness" >/proc/self/autogroup || true
exec setpriv --pdeathsig TERM nice -n "$niceness" "$@"
