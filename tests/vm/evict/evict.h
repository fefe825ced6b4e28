/* SPDX-License-Identifier: MIT */
/* The parts of the eviction suite, one file each. */
#ifndef USM_VM_EVICT_H
#define USM_VM_EVICT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/child.h"
#include "lib/swapper.h"

/* A 2 MiB page's worth, so that collapsing has something to collapse. */
#define EVICT_PAGES 512
#define EVICT_SEED 7

/* Partition: a fork copies everything, and what is evicted needs room too. */
#define EVICT_FRAMES 4096
#define EVICT_DEADLINE_MS 2000

/* words of a member's shared memory */
enum {
	WORD_BASE,
	WORD_BAD,
	WORD_RUNS,
	WORD_STOP,
	WORD_OTHER
};

/* 2 MiB aligned private memory of EVICT_PAGES pages, untouched. */
void *evict_map(void);

/*
 * Starts a member that has filled evict_map() memory and stopped at step 1.
 * Its id; ends the program when that fails.
 */
uint32_t member_start(struct child *child, struct swapper *swapper,
		      uint32_t inherit, int (*main)(struct child *, void *),
		      void *arg);
/* In the member: map, fill, stop at step 1. */
void *member_begin(struct child *self);

/* One way to get at memory: 0 or the number of pages that were wrong. */
struct access {
	const char *name;
	size_t (*run)(void *base, size_t pages);
	bool shares; /* all pages with a child, most of the time */
};

extern const struct access accesses[];
extern const size_t nr_accesses;

/* accesses that need more than a few lines */
size_t access_core_dump(void *base, size_t pages);
size_t access_ptrace(void *base, size_t pages);

void test_steps(struct swapper *swapper);
void test_refused(struct swapper *swapper);
void test_forked(struct swapper *swapper);
void test_dropped(struct swapper *swapper);
void test_bits(struct swapper *swapper);
/*
 * Each way, or only the one of this name, with all pages out, then against
 * evictions at random.
 */
void test_accesses(struct swapper *swapper, const char *only);

#endif /* USM_VM_EVICT_H */
