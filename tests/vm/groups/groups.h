/* SPDX-License-Identifier: MIT */
/* groups.h - what the parts of this test share. */
#ifndef USM_VM_GROUPS_H
#define USM_VM_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/child.h"
#include "lib/instance.h"

/* The kernel serves nothing itself only because the host is busy. */
#define LONG_DEADLINE_MS 10000
#define HOME_MS 20000
#define ASK_MS 20000

/* What the daemon prints on SIGUSR1 is a few lines. */
#define ANSWER_SIZE 4096
#define OUTPUT "/tmp/groups.out"

void test_priority(int dev);
void test_thresholds(int dev);

/* Pages of a child's buffer at `base` that are in frames, by its page table. */
size_t groups_present(const struct child *child, uint64_t base, size_t pages,
		      const char *what);

/* Everything was right, everything comes home, the daemon ends. */
void groups_end(struct instance *instance, const char *what);

#endif /* USM_VM_GROUPS_H */
