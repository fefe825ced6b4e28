/* SPDX-License-Identifier: MIT */
/*
 * Eviction and swap-in: what was evicted is read right by every way there is
 * to memory, never as zeroes, also while it is being evicted.
 *
 * An argument names the only way to try ("a core dump").
 */
#include <sys/mman.h>

#include "evict.h"
#include "lib/check.h"
#include "lib/pattern.h"

#define LIMIT_S 400
#define HUGE_BYTES (2 * MIB)

void *evict_map(void)
{
	size_t bytes = EVICT_PAGES * PAGE_BYTES;
	char *at = mmap(NULL, bytes + HUGE_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		require(false, "memory is mapped");
	at += -(uintptr_t)at & (HUGE_BYTES - 1);
	madvise(at, bytes, MADV_NOHUGEPAGE);
	return at;
}

void *member_begin(struct child *self)
{
	void *base = evict_map();

	pattern_fill(base, 0, EVICT_PAGES, 1, EVICT_SEED);
	self->shared->word[WORD_BASE] = (uintptr_t)base;
	child_stop_at(self, 1);
	return base;
}

uint32_t member_start(struct child *child, struct swapper *swapper,
		      uint32_t inherit, int (*main)(struct child *, void *),
		      void *arg)
{
	int member;

	child_start(child, main, arg);
	if (!child_reached(child, 0))
		require(false, "a member starts");
	member = swapper_bind(swapper, child->pidfd, inherit);
	if (member < 0)
		require(false, "a member is bound (%d)", member);
	child_let(child, 0);
	if (!child_reached(child, 1))
		require(false, "a member fills its memory");
	return (uint32_t)member;
}

int main(int argc, char **argv)
{
	struct swapper swapper;

	test_begin(LIMIT_S);
	swapper_open(&swapper, "swapper", EVICT_FRAMES, EVICT_DEADLINE_MS);
	if (argc == 1) {
		test_steps(&swapper);
		test_refused(&swapper);
		test_forked(&swapper);
		test_dropped(&swapper);
		test_bits(&swapper);
	}
	test_accesses(&swapper, argc > 1 ? argv[1] : NULL);
	swapper_close(&swapper);
	return test_end();
}
