# SPDX-License-Identifier: MIT
"""The differences that are known and explained: the table of the page.

A row is | program | case | untagged | tagged | why |; "*" at the end of a case
stands for whatever follows.
"""
from fnmatch import fnmatchcase

PAGE = "docs/selftests.md"
COLUMNS = 5


def known(path=PAGE):
    """{(program, case pattern): (untagged, tagged)}"""
    rows = {}
    with open(path, encoding="utf-8") as page:
        for line in page:
            cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
            if not line.startswith("| `") or len(cells) != COLUMNS:
                continue
            program, case, untagged, tagged, why = cells
            if not why:
                raise ValueError(f"{path}: no reason for {program}: {case}")
            rows[program, case] = untagged, tagged
    return rows


def compare(untagged, tagged):
    """[(case, untagged, tagged)] of what came out differently."""
    return [(case, untagged.get(case, "absent"), tagged.get(case, "absent"))
            for case in [*untagged, *(c for c in tagged if c not in untagged)]
            if untagged.get(case) != tagged.get(case)]


def explained(rows, program, difference):
    """The row that tells of this difference, or None."""
    case, *outcomes = difference
    for (listed, pattern), expected in rows.items():
        if listed == program and list(expected) == outcomes and \
                (case == pattern or pattern.endswith("*") and fnmatchcase(case, pattern)):
            return listed, pattern
    return None
