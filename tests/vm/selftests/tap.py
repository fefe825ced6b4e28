# SPDX-License-Identifier: MIT
"""What a program of the kernel's selftests said, case by case."""
import re

# "ok 12 - name # SKIP reason"; some programs leave out number or dash.
LINE = re.compile(r"^(?P<not>not )?ok\b\s*(?P<number>\d+)?\s*-?\s*(?P<rest>.*)$")
DIRECTIVE = re.compile(r"(^|\s)#\s*(?P<word>SKIP|XFAIL|XPASS|TODO)\b.*$", re.I)
# Addresses and measured times are different in every run.
CHANGES = (
    (re.compile(r"0x[0-9a-f]+", re.I), "0x…"),
    (re.compile(r"\b\d+(\.\d+)? ?(ns|us|ms|s|nsec|usec|msec)\b"), "…"),
)
# How a program's exit code is told; 4 is the selftests' "skipped".
EXIT = "exit code"


def stable(name):
    for pattern, instead in CHANGES:
        name = pattern.sub(instead, name)
    return " ".join(name.split())


def outcome(line):
    """(name, what came out of it), or None for any other line."""
    match = LINE.match(line)
    if not match:
        return None
    rest = match["rest"]
    directive = DIRECTIVE.search(rest)
    if directive:
        rest = rest[:directive.start()]
        return stable(rest), directive["word"].lower()
    return stable(rest), "fail" if match["not"] else "pass"


def cases(output, code):
    """{case: outcome}; a name that comes again is numbered."""
    found = {}
    for line in output.splitlines():
        case = outcome(line.strip())
        if case is None:
            continue
        name, result = case
        count, unique = 1, name
        while unique in found:
            count += 1
            unique = f"{name} ({count})"
        found[unique] = result
    found[EXIT] = {0: "pass", 4: "skip"}.get(code, f"fail {code}")
    return found
