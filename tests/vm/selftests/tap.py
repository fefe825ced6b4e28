# SPDX-License-Identifier: MIT
"""What a program of the kernel's selftests said, case by case."""
import re

# "ok 12 - name # SKIP reason"; some programs leave out number or dash.
LINE = re.compile(r"^(?P<not>not )?ok\b\s*(?P<number>\d+)?\s*-?\s*(?P<rest>.*)$")
DIRECTIVE = re.compile(r"(^|\s)#\s*(?P<word>SKIP|XFAIL|XPASS|TODO)\b(?P<why>.*)$", re.I)
# Addresses, measured times and counted races are different in every run.
CHANGES = (
    (re.compile(r"Extra pages .*"), "Extra pages …"),
    (re.compile(r"0x[0-9a-f]+", re.I), "0x…"),
    (re.compile(r"\b\d+(\.\d+)? ?(ns|us|ms|s|nsec|usec|msec)\b"), "…"),
)
# What the cases that follow are about; they often have the same names.
TOPIC = re.compile(r"^# \[RUN\] *(?P<what>.*)$")
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
        # Some cases have no name but the reason.
        name = rest[:directive.start()] or directive["why"]
        return stable(name), directive["word"].lower()
    return stable(rest), "fail" if match["not"] else "pass"


def cases(output, code):
    """{case: outcome}; a name that comes again is numbered."""
    found, topic = {}, ""
    for line in output.splitlines():
        run = TOPIC.match(line)
        if run:
            topic = stable(run["what"]) + ": "
        case = outcome(line.strip())
        if case is None:
            continue
        name, result = topic + case[0], case[1]
        count, unique = 1, name
        while unique in found:
            count += 1
            unique = f"{name} ({count})"
        found[unique] = result
    found[EXIT] = {0: "pass", 4: "skip"}.get(code, f"fail {code}")
    return found
