/* SPDX-License-Identifier: MIT */
/* The parts of the prefetch suite, one file each. */
#ifndef USM_VM_PREFETCH_H
#define USM_VM_PREFETCH_H

#include <stdbool.h>

#include "lib/child.h"
#include "lib/instance.h"

/* Of every partition here; tenants write twice that. */
#define PARTITION "8M"
#define PARTITION_FRAMES 2048
#define TENANT_PAGES (2 * PARTITION_FRAMES)
#define SWAP "16M"

/* Whatever the machine is busy with, no answer is late. */
#define LONG_DEADLINE_MS 10000

#define HOME_MS 30000

/* Nobody fell back, no answer was refused; ends the daemon. */
void prefetch_end(struct instance *instance, const char *what);

/* exact: the clock counts instructions, and nothing else is measured. */
void test_overlap(int dev, bool exact);
void test_walks(int dev, bool exact);

#endif /* USM_VM_PREFETCH_H */
