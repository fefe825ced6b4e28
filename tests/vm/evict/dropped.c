/* SPDX-License-Identifier: MIT */
/* Evicted pages that nobody wants any more. */
#include <sys/mman.h>

#include "evict.h"
#include "lib/check.h"
#include "lib/pattern.h"
#include "lib/wait.h"

enum {
	UNMAP,
	DONTNEED,
	EXIT,
	WAYS
};

static const char *const ways[] = { "munmap", "MADV_DONTNEED", "exit" };

static int drop_main(struct child *self, void *arg)
{
	const int *way = arg;
	char *base = member_begin(self);
	size_t bytes = EVICT_PAGES * PAGE_BYTES;

	if (*way == UNMAP)
		munmap(base, bytes);
	if (*way == DONTNEED) {
		madvise(base, bytes, MADV_DONTNEED);
		if (pattern_nonzero(base, 0, EVICT_PAGES))
			return 1;
	}
	if (*way == EXIT)
		return 0;
	child_stop_at(self, 2);
	return 0;
}

void test_dropped(struct swapper *swapper)
{
	struct child child;
	uint32_t member;
	int way;

	for (way = 0; way < WAYS; way++) {
		member = member_start(&child, swapper, USM_INHERIT_ALL,
				      drop_main, &way);
		check_eq(swapper_evict(swapper, member,
				       child.shared->word[WORD_BASE],
				       EVICT_PAGES),
			 EVICT_PAGES, "the pages are evicted");
		child_let(&child, 1);
		if (way != EXIT)
			check(child_reached(&child, 2),
			      "the member drops them");
		check(wait_until(CHILD_LIMIT_MS, swapper_cookies(swapper) == 0),
		      "after %s the cookies are not needed", ways[way]);
		if (way != EXIT)
			child_let(&child, 2);
		check_eq(child_end(&child, CHILD_LIMIT_MS), 0,
			 "the member ends");
	}
}
