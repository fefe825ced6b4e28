#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Behind ./run clean.
set -euo pipefail
# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

case ${1:-} in
"") rm -rf "$USM_BUILD" ;;
--cache) rm -rf "$USM_BUILD" "$USM_CACHE" ;;
*)
	echo "usage: ./run clean [--cache]    removes build/; --cache also $USM_CACHE"
	[[ $1 == -h || $1 == --help ]]
	;;
esac
