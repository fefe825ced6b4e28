#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The kernel's own memory management tests, untagged and as a tenant.

Both ways every case must come out the same, but for the differences that
docs/selftests.md lists; and those must be there.  Programs named on the
command line are run alone.
"""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "rest"))
# pylint: disable=wrong-import-position
from rest import BUILD, check, delete, finish, instance, not_ok, ok, post, within
from differences import PAGE, compare, explained, known
from programs import PROGRAMS
from tap import cases

TENANT = "selftests"
MEMORY = "384M"
NOBODY = 65534
# A difference that is not there again when the program is run once more was
# the load's, or luck's.
ATTEMPTS = 3
SOAK = os.environ.get("USM_SOAK") == "1"
DIRECTORY = f"{BUILD}/selftests"


def faults():
    return instance(TENANT)["faults"]


def served():
    counted = faults()
    return counted["total"] - counted["fallback"]


def command(program, tagged):
    argv = [f"./{program.argv[0]}", *program.argv[1:]]
    if program.nobody:
        argv = ["setpriv", f"--reuid={NOBODY}", "--clear-groups", *argv]
    if tagged:
        argv = [f"{BUILD}/bin/usmctl", "exec", TENANT, "--", *argv]
    return argv


def run(program, tagged):
    """{case: outcome}; the whole output goes to the host."""
    start = time.monotonic()
    process = subprocess.Popen(
        command(program, tagged), cwd="/tmp/selftests", text=True, errors="replace",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True)
    try:
        output = process.communicate(timeout=program.limit)[0]
        code = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        output, code = process.communicate()[0], "time limit"
    way = "tagged" if tagged else "untagged"
    took = time.monotonic() - start
    with open(f"{os.environ['USM_OUT']}/{program.argv[0]}.{way}.log", "a", encoding="utf-8") as log:
        log.write(f"# {program.name}\n{output}# exit {code}, {took:.1f} s\n")
    print(f"# {program.name}: {way}, {took:.1f} s", flush=True)
    return cases(output, code)


def set_huge_pages(count):
    with open("/proc/sys/vm/nr_hugepages", "w", encoding="ascii") as file:
        file.write(str(count))


def both_ways(program):
    set_huge_pages(program.huge_pages)
    untagged = run(program, False)
    before = served()
    tagged = run(program, True)
    return untagged, tagged, served() - before


def unexplained(rows, program, untagged, tagged, seen):
    """The differences that no row tells of; adds to `seen` the rows that do."""
    left = []
    for difference in compare(untagged, tagged):
        row = explained(rows, program.name, difference)
        if row:
            seen.add(row)
        else:
            left.append(difference)
    return left


def tell(program, untagged):
    counts = {}
    for result in untagged.values():
        result = result.split()[0]
        counts[result] = counts.get(result, 0) + 1
    return f"{program.name}: the same both ways: " + ", ".join(
        f"{count} {result}" for result, count in sorted(counts.items()))


def try_program(rows, program):
    seen, again = set(), None
    for attempt in range(ATTEMPTS):
        untagged, tagged, frames = both_ways(program)
        left = unexplained(rows, program, untagged, tagged, seen)
        again = left if again is None else [d for d in left if d in again]
        if not again:
            break
        print(f"# {program.name}, attempt {attempt + 1}: {left}", flush=True)
    check(f"{program.name}: its memory came from the partition", frames > 0,
          faults())
    if again:
        not_ok(f"{program.name}: differs", "\n".join(
            f"{case}: {a} untagged, {b} tagged" for case, a, b in again))
    else:
        ok(tell(program, untagged))
    for row in rows:
        if row[0] == program.name:
            check(f"{program.name}: {row[1]} is different, as {PAGE} says",
                  row in seen, "not any more: take it off the list")


def all_free():
    memory = instance(TENANT)["memory"]
    return memory["free"] == memory["owned"]


def selected(names):
    for program in PROGRAMS:
        if program.name in names or program.argv[0] in names or \
                not names and (SOAK or program.short):
            yield program


def main():
    if not os.path.isdir(DIRECTORY):
        sys.exit(f"{DIRECTORY} is missing: deploy/selftests/build.sh makes it")
    # Some write beside themselves.
    subprocess.run(["cp", "-r", f"{DIRECTORY}/", "/tmp/selftests"], check=True)
    os.chmod("/tmp/selftests", 0o777)
    post("/v1/instances", {"name": TENANT, "memory": MEMORY}).expect(
        "the tenant's instance is there", 201)
    rows = known()
    for program in selected(sys.argv[1:]):
        try_program(rows, program)
    set_huge_pages(0)
    check("every frame is free again", within(30, all_free), instance(TENANT))
    delete(f"/v1/instances/{TENANT}").expect("the instance goes", 204)
    finish()


main()
