/* SPDX-License-Identifier: MIT */
/* load.h - a member whose threads fault without pause and check their data. */
#ifndef USM_VM_LOAD_H
#define USM_VM_LOAD_H

#include <stdint.h>

#include "lib/child.h"

#define LOAD_THREADS 4

/* child_shared.word[] of a load. */
#define LOAD_STOP 0 /* the test sets it: end */
#define LOAD_PAGES 1 /* pages written so far */
#define LOAD_BAD 2 /* pages that read wrong */

/*
 * A child's main: writes, checks and gives back buffers until told to stop;
 * exit code 0 when all data was right.
 */
int load_main(struct child *self, void *arg);

/* Pages written so far. */
uint64_t load_pages(const struct child *child);

/* Has it written so many more within the limit? */
bool load_moves_on(const struct child *child, uint64_t more,
		   unsigned int limit_ms);

/* Tells it to stop, waits; its exit code. */
int load_end(struct child *child, unsigned int limit_ms);

#endif /* USM_VM_LOAD_H */
