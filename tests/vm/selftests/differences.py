# SPDX-License-Identifier: MIT
"""The differences that are known and explained: the table of the page.

A row is | program | case | untagged | tagged | why |.  "*" in a case stands for
anything; the row then says how many cases it is about, as in "... *` (12)", and
explains none of them when there are more or fewer.
"""
import re
from collections import defaultdict
from dataclasses import dataclass
from fnmatch import fnmatchcase

PAGE = "docs/selftests.md"
COLUMNS = 5
CASE = re.compile(r"^`?(?P<pattern>.*?)`?(?: \((?P<count>\d+)\))?$")


@dataclass(frozen=True)
class Row:
    program: str
    pattern: str
    count: int
    untagged: str
    tagged: str

    def tells_of(self, difference):
        case, untagged, tagged = difference
        return (untagged, tagged) == (self.untagged, self.tagged) and \
            (case == self.pattern or "*" in self.pattern and fnmatchcase(case, self.literal()))

    def literal(self):
        """The pattern with nothing special in it but "*"."""
        return re.sub(r"([\[?])", r"[\1]", self.pattern)


def parse(cells):
    program, case, untagged, tagged, why = cells
    if not why:
        raise ValueError(f"{PAGE}: no reason for {program}: {case}")
    # A name may end in a number of its own; only a pattern has a count.
    match = CASE.match(case)
    if "*" not in case:
        return Row(program.strip("`"), case.strip("`"), 1, untagged, tagged)
    if not match["count"]:
        raise ValueError(f"{PAGE}: how many cases of {program} are {case}?")
    return Row(program.strip("`"), match["pattern"], int(match["count"]), untagged, tagged)


def known(path=PAGE):
    with open(path, encoding="utf-8") as page:
        lines = [line.strip() for line in page if line.startswith("| `")]
    # A bar in the name of a program or case is "\|".
    split = [[cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
             for line in lines]
    return [parse(cells) for cells in split if len(cells) == COLUMNS]


def compare(untagged, tagged):
    """[(case, untagged, tagged)] of what came out differently."""
    return [(case, untagged.get(case, "absent"), tagged.get(case, "absent"))
            for case in [*untagged, *(c for c in tagged if c not in untagged)]
            if untagged.get(case) != tagged.get(case)]


def explain(rows, program, differences):
    """(rows that tell of these differences, differences that none tells of)."""
    told, left = defaultdict(list), []
    for difference in differences:
        row = next((row for row in rows
                    if row.program == program and row.tells_of(difference)), None)
        if row:
            told[row].append(difference)
        else:
            left.append(difference)
    for row in [row for row in told if len(told[row]) != row.count]:
        left += told.pop(row)
    return set(told), left
