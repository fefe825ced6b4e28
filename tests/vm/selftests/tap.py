# SPDX-License-Identifier: MIT
"""What a program of the kernel's selftests said, case by case."""
import re

from dialects import copied, spoken

# "ok 12 - name # SKIP reason"; some programs leave out number or dash.
LINE = re.compile(r"^(?P<not>not )?ok\b\s*(?P<number>\d+)?\s*-?\s*(?P<rest>.*)$")
DIRECTIVE = re.compile(r"(^|\s)#\s*(?P<word>SKIP|XFAIL|XPASS|TODO)\b(?P<why>.*)$", re.I)
# Some cases end without a new line: what comes next is on theirs.
GLUED = re.compile(r"(?<=.)(?=# \[RUN\]|Bail out!)")
# Addresses, measured times and counted races are different in every run.
CHANGES = (
    (re.compile(r"Extra pages .*"), "Extra pages …"),
    (re.compile(r"0x[0-9a-f]+", re.I), "0x…"),
    (re.compile(r"\b\d+(\.\d+)? ?(ns|us|ms|s|nsec|usec|msec)\b"), "…"),
)
# What the cases that follow are about; they often have the same names.
TOPIC = re.compile(r"^(# \[RUN\]|Run test:) *(?P<what>.*)$")
# How a program's exit code is told; 4 is the selftests' "skipped".
EXIT = "exit code"
SKIPPED = 4


def stable(name):
    for pattern, instead in CHANGES:
        name = pattern.sub(instead, name)
    return " ".join(name.split())


def outcome(line):
    """(name, what came out of it), or None for any other line."""
    match = LINE.match(line)
    if not match:
        return spoken(line)
    rest = match["rest"]
    directive = DIRECTIVE.search(rest)
    if directive:
        # Some cases have no name but the reason.
        name = rest[:directive.start()] or directive["why"]
        return name, directive["word"].lower()
    return rest, "fail" if match["not"] else "pass"


def lines(output):
    for line in output.split("\n"):
        yield from GLUED.split(line)


def ending(code, found):
    """khugepaged's exit code is the number of cases that failed: not skipped."""
    if code == SKIPPED and "fail" not in found.values():
        return "skip"
    return "pass" if code == 0 else f"fail {code}"


def cases(output, code):
    """{case: outcome}; a name that comes again is numbered."""
    found, topic = {}, ""
    for line in lines(output):
        line = line.strip()
        run = TOPIC.match(line)
        if run:
            topic = stable(run["what"]) + ": "
        case = outcome(line)
        if case is None:
            continue
        name, result = topic + stable(case[0]), case[1]
        if name in found and copied(line):
            continue
        count, unique = 1, name
        while unique in found:
            count += 1
            unique = f"{name} ({count})"
        found[unique] = result
    found[EXIT] = ending(code, found)
    return found
