# SPDX-License-Identifier: MIT
"""Which of the kernel's programs are run, how, and for how long at most."""
from dataclasses import dataclass

from machine import HUGE_DIRECTORY


@dataclass(frozen=True)
class Program:
    argv: tuple
    # Seconds on an emulated processor; beyond that it hangs.
    limit: int = 120
    # Also in ./run test, not only in a soak.
    short: bool = True
    # Under the user "nobody", as the kernel's own script runs it.
    nobody: bool = False
    huge_pages: int = 0
    swap: bool = False
    # Maps more than there is, and touches little of it.
    overcommit: bool = False
    # Most of its memory is under userfaultfd: left to its handler and the
    # kernel's allocator.
    handler: bool = False

    @property
    def name(self):
        return " ".join(self.argv)


def program(command, **how):
    return Program(tuple(command.split()), **how)


PROGRAMS = (
    program("map_fixed_noreplace"),
    program("map_populate"),
    program("madv_populate"),
    program("mlock2-tests"),
    program("mlock-random-test"),
    program("on-fault-limit", nobody=True),
    program("mrelease_test"),
    program("mremap_test", limit=300, overcommit=True),
    program("mremap_dontunmap"),
    program("mseal_test"),
    program("mkdirty"),
    program("mdwe_test"),
    program("droppable"),
    program("memfd_secret"),
    program("soft-dirty"),
    program("pagemap_ioctl", limit=600, huge_pages=32, short=False),
    program("ksm_functional_tests", short=False),
    program("ksm_tests -M -p 10"),
    program("ksm_tests -U"),
    program("ksm_tests -Z -p 10 -z 0"),
    program("ksm_tests -Z -p 10 -z 1"),
    program("cow", limit=900, huge_pages=8, swap=True),
    program("gup_longterm", limit=300, huge_pages=8),
    program("gup_test -m 16 -u"),
    program("gup_test -m 16 -a -n 123 -W"),
    program("gup_test -m 16 -b -n 512"),
    program("gup_test -m 16 -L -n 123 -j 4"),
    program("gup_test -m 32 -ct -F 0x1 0 19 0x1000"),
    # Reads and compares 32 MiB byte by byte in most of its cases: 12 minutes on
    # a busy machine that emulates each processor in a thread of its own. Twice
    # those 32 MiB are in huge pages.
    program("uffd-unit-tests", limit=2400, huge_pages=40, swap=True, handler=True,
            short=False),
    program("uffd-stress anon 20 16", limit=300, handler=True, short=False),
    program("uffd-stress shmem 20 16", limit=300, handler=True, short=False),
    program("uffd-stress shmem-private 20 16", limit=300, handler=True, short=False),
    program("khugepaged", limit=600, swap=True, short=False),
    program("khugepaged -s 2", limit=600, swap=True, short=False),
    program("khugepaged all:shmem", limit=600, short=False),
    program(f"khugepaged all:file {HUGE_DIRECTORY}", limit=600, short=False),
    program("transhuge-stress -d 5"),
    # Writes and reads nine files of 4 MiB byte by byte, 40 s each.
    program("split_huge_page_test", limit=900, short=False),
    # Tens of thousands of faults one by one, each an upcall: minutes.
    program("protection_keys_64", limit=1200, short=False),
    program("pkey_sighandler_tests_64"),
    program("migration", limit=300),
    program("hugetlb-madvise", huge_pages=32),
)
