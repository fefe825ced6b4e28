# SPDX-License-Identifier: MIT
"""What a program wants of the machine around it."""
import os
import subprocess

SWAP = "/dev/zram0"
# Twice what the largest program pages out at a time.
SWAP_SIZE = "64M"
# A file system whose files get 2 MiB pages where a mapping asks for them.
HUGE_DIRECTORY = "/tmp/selftests-huge"


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def set_huge_pages(count):
    with open("/proc/sys/vm/nr_hugepages", "r+", encoding="ascii") as file:
        file.write(str(count))
        file.seek(0)
        if int(file.read()) < count:
            raise MemoryError(f"the kernel has no {count} huge pages: programs would skip cases")


def set_overcommit(always):
    write("/proc/sys/vm/overcommit_memory", "1" if always else "0")


def swap_on():
    if not os.path.exists(SWAP):
        subprocess.run(["modprobe", "zram"], check=True)
    write("/sys/block/zram0/disksize", SWAP_SIZE)
    subprocess.run(["mkswap", SWAP], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["swapon", SWAP], check=True)


def swap_off():
    subprocess.run(["swapoff", SWAP], check=True)
    write("/sys/block/zram0/reset", "1")


def load_gup_test(directory):
    """What cow, gup_longterm, gup_test and uffd-unit-tests pin pages with."""
    subprocess.run(["insmod", f"{directory}/gup_test_module.ko"], check=True)


def mount_huge():
    os.makedirs(HUGE_DIRECTORY, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "huge=advise", "tmpfs", HUGE_DIRECTORY],
                   check=True)
