#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The kernel's own memory management tests, untagged and as a tenant.

Both ways every case must come out the same, but for the differences that
docs/selftests.md lists; and those must be there.  Programs named on the
command line are run alone.
"""
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "rest"))
# pylint: disable=wrong-import-position
from rest import BUILD, check, delete, finish, instance, not_ok, ok, post, within
from differences import PAGE, compare, explain, known
from machine import load_gup_test, mount_huge, set_huge_pages, set_overcommit, swap_off, swap_on
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
    """{how served: count}; what was not is told by reason."""
    told = instance(TENANT)
    return {"partition": told["faults"]["total"], **told["fallback_reasons"]}


def since(before):
    return {key: count - before[key] for key, count in faults().items()}


def from_partition(program, how):
    """Whether most pages came from there; docs/selftests.md tells of handlers."""
    others = sum(how.values()) - how["partition"]
    if program.handler:
        others -= how["context"]
    return how["partition"] > others


def command(program, tagged):
    argv = [f"./{program.argv[0]}", *program.argv[1:]]
    if program.nobody:
        argv = ["setpriv", f"--reuid={NOBODY}", "--clear-groups", *argv]
    if tagged:
        argv = [f"{BUILD}/bin/usmctl", "exec", TENANT, "--", *argv]
    return argv


def listen(process, limit, log):
    """(what it printed, how it ended); `log` gets it line by line, with times."""
    start, late = time.monotonic(), threading.Event()

    def stop():
        late.set()
        os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(limit, stop)
    timer.start()
    output = []
    for line in process.stdout:
        output.append(line)
        log.write(f"{time.monotonic() - start:7.1f} {line}")
        log.flush()
    code = process.wait()
    timer.cancel()
    return "".join(output), "time limit" if late.is_set() else code


def run(program, tagged):
    """{case: outcome}; the whole output goes to the host."""
    way = "tagged" if tagged else "untagged"
    path = f"{os.environ['USM_OUT']}/{program.argv[0]}.{way}.log"
    start = time.monotonic()
    # Line ends as they are: some programs overwrite their lines.
    with open(path, "a", encoding="utf-8", newline="") as log, subprocess.Popen(
            command(program, tagged), cwd="/tmp/selftests", stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True) as process:
        log.write(f"# {program.name}\n")
        process.stdout = io.TextIOWrapper(process.stdout, errors="replace", newline="\n")
        output, code = listen(process, program.limit, log)
        took = time.monotonic() - start
        log.write(f"# exit {code}, {took:.1f} s\n")
    print(f"# {program.name}: {way}, {took:.1f} s", flush=True)
    return cases(output, code)


def both_ways(program):
    set_huge_pages(program.huge_pages)
    set_overcommit(program.overcommit)
    if program.swap:
        swap_on()
    untagged = run(program, False)
    before = faults()
    tagged = run(program, True)
    if program.swap:
        swap_off()
    return untagged, tagged, since(before)


def counted(results):
    counts = Counter(result.split()[0] for result in results.values())
    return ", ".join(f"{count} {result}" for result, count in sorted(counts.items()))


def tell(program, untagged, tagged):
    if untagged == tagged:
        return f"{program.name}: the same both ways: {counted(untagged)}"
    return f"{program.name}: {counted(untagged)}; as a tenant {counted(tagged)}"


def try_program(rows, program):
    seen, again = set(), None
    for attempt in range(ATTEMPTS):
        untagged, tagged, how = both_ways(program)
        told, left = explain(rows, program.name, compare(untagged, tagged))
        seen |= told
        again = left if again is None else [d for d in left if d in again]
        if not again:
            break
        print(f"# {program.name}, attempt {attempt + 1}: {left}", flush=True)
    print(f"# {program.name}: pages by origin: {how}", flush=True)
    check(f"{program.name}: its memory came from the partition",
          from_partition(program, how), how)
    if again:
        not_ok(f"{program.name}: differs", "\n".join(
            f"{case}: {a} untagged, {b} tagged" for case, a, b in again))
    else:
        ok(tell(program, untagged, tagged))
    for row in rows:
        if row.program == program.name:
            check(f"{program.name}: {row.pattern} is different, as {PAGE} says",
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
    mount_huge()
    load_gup_test(DIRECTORY)
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
