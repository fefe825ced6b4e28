/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ahead.h"
#include "lib/check.h"
#include "lib/pagemap.h"
#include "lib/partition.h"
#include "lib/pattern.h"
#include "lib/random.h"

#define SEED_FIRST 1
#define SEED_SECOND 2

static void make_order(uint32_t *order, uint32_t nr, enum order kind)
{
	struct random_state random;
	uint32_t i;

	random_init(&random, nr);
	for (i = 0; i < nr; i++)
		order[i] = i;
	for (i = nr; kind == RANDOM && i-- > 1;) {
		uint32_t j = random_below(&random, i + 1), other = order[j];

		order[j] = order[i];
		order[i] = other;
	}
}

static void touch(struct child *self, void *buffer, size_t first, size_t nr,
		  enum order kind, uint64_t seed)
{
	/* Served by whoever serves the rest, which is nothing to what follows. */
	uint32_t *order = malloc(nr * sizeof(*order));
	size_t i;

	if (!order)
		_exit(2);
	make_order(order, (uint32_t)nr, kind);
	for (i = 0; i < nr; i++) {
		pattern_fill_page(buffer, first + order[i], seed);
		__atomic_add_fetch(&self->shared->word[WORD_PAGES], 1,
				   __ATOMIC_RELAXED);
	}
	free(order);
}

static int live(struct child *self, void *arg)
{
	const struct toucher *toucher = arg;
	size_t half = toucher->pages / 2, bad;
	char *buffer = pattern_map(toucher->pages * PAGE_BYTES);

	self->shared->word[WORD_BASE] = (uintptr_t)buffer;
	touch(self, buffer, 0, toucher->pages, toucher->order, SEED_FIRST);
	child_stop_at(self, 1);
	bad = pattern_bad(buffer, 0, toucher->pages, 1, SEED_FIRST);
	if (madvise(buffer, half * PAGE_BYTES, MADV_DONTNEED))
		return 2;
	bad += pattern_nonzero(buffer, 0, half);
	touch(self, buffer, 0, half,
	      toucher->order == RANDOM ? SEQUENTIAL : RANDOM, SEED_SECOND);
	bad += pattern_bad(buffer, 0, half, 1, SEED_SECOND);
	bad += pattern_bad(buffer, half, toucher->pages, 1, SEED_FIRST);
	return bad != 0;
}

void toucher_begin(struct child *child, const struct instance *instance,
		   const struct toucher *toucher)
{
	child_start(child, live, (void *)toucher);
	require(child_reached(child, 0) &&
			!instance_bind(instance, child, NULL),
		"a tenant is bound");
	child_let(child, 0);
}

void toucher_start(struct child *child, const struct instance *instance,
		   const struct toucher *toucher)
{
	toucher_begin(child, instance, toucher);
	require(child_reached(child, 1), "it touches its pages");
}

size_t toucher_check_places(const struct child *child,
			    const struct instance *instance,
			    const struct toucher *toucher, const char *what)
{
	uint64_t base = child->shared->word[WORD_BASE];
	struct partition partition;
	struct placement place;
	struct pages pages;
	size_t adjacent;

	if (pages_read_range(child->pid, base,
			     base + toucher->pages * PAGE_BYTES, &pages) ||
	    partition_read(instance->pid, &partition))
		require(false, "%s: its page tables can be read", what);
	pages_place(&pages, &partition, &place);
	check_eq(place.own, toucher->pages,
		 "%s: all pages are in the partition", what);
	check(!place.foreign && !place.outside && !place.twice,
	      "%s: %zu are elsewhere in the pool, %zu outside, %zu in a frame of another",
	      what, place.foreign, place.outside, place.twice);
	adjacent = pages_adjacent(&pages);
	partition_free(&partition);
	pages_free(&pages);
	return adjacent;
}

void toucher_end(struct child *child, const char *what)
{
	child_let(child, 1);
	check_eq(child_end(child, CHILD_LIMIT_MS), 0,
		 "%s: every word was right", what);
}
