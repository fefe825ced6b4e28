#!/bin/bash
# SPDX-License-Identifier: MIT
#
# tidy-file.sh SOURCE STAMP: clang-tidy on one file; touches STAMP when clean.
# One file a process: with several, clang-tidy 14 mistakes their va_lists for
# uninitialised.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

if ! text=$(clang-tidy -p "$USM_BUILD" --quiet --extra-arg=-Wno-unknown-warning-option "$1" 2>&1); then
	grep -vE '^[0-9]+ warnings?( and [0-9]+ errors?)? generated|^Suppressed |^Use -header-filter' <<<"$text" || true
	exit 1
fi
touch "$2"
