#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs the commands of docs/rest.md from top to bottom, as they stand there.
set -euo pipefail

page=docs/rest.md
script=$(mktemp)
awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$page" >"$script"
if ! grep -q . "$script"; then
	echo "not ok $page has no commands"
	exit 1
fi
if bash -euxo pipefail "$script" >"$script.out" 2>&1; then
	echo "ok the commands of $page work"
else
	echo "not ok the commands of $page work"
	sed 's/^/# /' "$script.out"
	exit 1
fi
check() {
	if grep -qF "$2" "$script.out"; then
		echo "ok $1"
	else
		echo "not ok $1"
		sed 's/^/# /' "$script.out"
		exit 1
	fi
}
check "the error is as shown there" 'policy.aloc: unknown key; did you mean \"alloc\"?'
check "exec runs its command" "my memory comes from b"
