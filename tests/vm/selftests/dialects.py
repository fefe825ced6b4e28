# SPDX-License-Identifier: MIT
"""How programs name their cases that do not use the selftests' own format."""
import re

# khugepaged: "Collapse ...... \e[32mOK\e[0m", what was overwritten before it.
COLOURED = re.compile(r"^(.*\r)?(?P<name>.*?)[. ]*\x1b\[(?P<colour>\d+)m.*\x1b\[0m$")
# No case, but what it does before and after them.
AROUND = re.compile(r"(Save|Restore) THP and khugepaged settings")
COLOURS = {"31": "fail", "32": "pass", "33": "skip"}
# uffd-unit-tests: "Testing zeropage on anon... skipped [reason: ...]"
TESTING = re.compile(r"^Testing (?P<name>.*?)\.\.\. (?P<word>done|failed|skipped)\b")
WORDS = {"done": "pass", "failed": "fail", "skipped": "skip"}
# uffd-stress: "bounces: 15, mode: rnd racing ver poll, userfaults: ..."; the
# counts come when the round is over.
BOUNCE = re.compile(r"^(?P<name>bounces: .*?), userfaults:")
# protection_keys_64: "test  3 PASSED (iteration 2)"
PASSED = re.compile(r"^(?P<name>test +\d+) PASSED (?P<round>\(iteration \d+\))")


def spoken(line):
    """(case, what came out of it), or None."""
    match = COLOURED.match(line)
    if match:
        if AROUND.match(match["name"]):
            return None
        return match["name"], COLOURS[match["colour"]]
    match = TESTING.match(line)
    if match:
        return match["name"], WORDS[match["word"]]
    match = BOUNCE.match(line)
    if match:
        return match["name"], "pass"
    match = PASSED.match(line)
    if match:
        return f"{match['name']} {match['round']}", "pass"
    return None


def copied(line):
    """Whether a line that comes again may be a copy: protection_keys_64 forks
    with lines still in its buffer, and the child prints them, too."""
    return bool(PASSED.match(line))
