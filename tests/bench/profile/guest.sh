#!/bin/bash
# SPDX-License-Identifier: MIT
#
# guest.sh GUEST-PROGRAM MODULE ROW: profiles a row, and leaves the addresses of
# the kernel and of the module as it was loaded.
set -euo pipefail

"$1" profile "$2" "$3"
cp /proc/kallsyms "$USM_OUT/kallsyms"
