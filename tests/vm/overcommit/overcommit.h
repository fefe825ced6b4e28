/* SPDX-License-Identifier: MIT */
/* The parts of the overcommit suite, one file each. */
#ifndef USM_VM_OVERCOMMIT_H
#define USM_VM_OVERCOMMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/child.h"
#include "lib/instance.h"

/* Of every partition here; tenants touch twice that. */
#define PARTITION "8M"
#define PARTITION_FRAMES 2048
#define TENANT_PAGES (2 * PARTITION_FRAMES)
#define SWAP "16M"

/* Whatever the machine is busy with, no answer is late. */
#define LONG_DEADLINE_MS 10000

#define FILL_MS 120000
#define MOVE_ON_MS 60000
#define HOME_MS 30000

/* ---- tenant.c: memory in constant use ------------------------------------- */

/* words of a tenant's shared memory */
enum {
	WORD_BASE, /* of its buffer */
	WORD_STOP, /* the test sets it: end */
	WORD_STEPS, /* pages checked or written so far */
	WORD_BAD, /* pages that read wrong */
};

struct tenant {
	size_t pages;
	unsigned int threads;
};

/*
 * A child's main, arg a struct tenant: fills its buffer, stops at step 1, then
 * checks and rewrites pages at random until told to stop, then checks them
 * all.  Exit code 0 when every word was right all the time.
 */
int tenant_main(struct child *self, void *arg);

/* Starts one and binds it; it has filled its buffer on return. */
void tenant_start(struct child *child, const struct instance *instance,
		  const struct tenant *tenant);

/* Has it done so many more steps within the limit? */
bool tenant_moves_on(const struct child *child, uint64_t more,
		     unsigned int limit_ms);

/* Tells it to stop and checks its verdict and its pages' whereabouts. */
void tenant_end(struct child *child, const char *what);

/*
 * Its buffer as the page tables have it: nothing outside of the partition, no
 * frame twice, and less than it has touched.
 */
void tenant_check_places(const struct child *child,
			 const struct instance *instance,
			 const struct tenant *tenant, const char *what);

/* ---- the tests --------------------------------------------------------------- */

/* Nobody fell back; then everything is free again. */
void overcommit_end(struct instance *instance, const char *what);
/* The same, and no answer was refused. */
void overcommit_end_right(struct instance *instance, const char *what);

void test_plain(int dev);
void test_killed(int dev);
void test_resized(int dev);
void test_redis(int dev);

#endif /* USM_VM_OVERCOMMIT_H */
