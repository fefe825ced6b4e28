/* SPDX-License-Identifier: MIT */
/* Accessed and dirty bits, as a policy ranks pages by them. */
#include <errno.h>

#include "common/client.h"
#include "evict.h"
#include "lib/check.h"
#include "lib/pattern.h"

enum {
	READ_PAGE = 3,
	WRITTEN_PAGE = 5
};

static int touch_main(struct child *self, void *arg)
{
	volatile char *base = member_begin(self);

	(void)arg;
	(void)base[READ_PAGE * PAGE_BYTES];
	base[WRITTEN_PAGE * PAGE_BYTES + 9]++;
	base[WRITTEN_PAGE * PAGE_BYTES + 9]--;
	child_stop_at(self, 2);
	return pattern_bad((void *)base, 0, EVICT_PAGES, 1, EVICT_SEED) != 0;
}

static size_t count(const uint64_t *words, uint64_t bit)
{
	size_t i, nr = 0;

	for (i = 0; i < EVICT_PAGES; i++)
		nr += !!(words[i] & bit);
	return nr;
}

void test_bits(struct swapper *swapper)
{
	const uint32_t clear = USM_PAGES_CLEAR_ACCESSED | USM_PAGES_CLEAR_DIRTY;
	uint64_t words[EVICT_PAGES];
	int dev = swapper->daemon.dev;
	struct child child;
	uint32_t member = member_start(&child, swapper, USM_INHERIT_ALL,
				       touch_main, NULL);
	uint64_t base = child.shared->word[WORD_BASE];
	int cookie;

	check_eq(usm_client_pages(dev, member, base, EVICT_PAGES, clear, words),
		 0, "the pages are looked at");
	check_eq(count(words, USM_PAGE_PRESENT), EVICT_PAGES, "all are there");
	check_eq(count(words, USM_PAGE_DIRTY), EVICT_PAGES, "and written");
	check(USM_PAGE_FRAME(words[0]) != USM_FRAME_NONE,
	      "with the number of their frame");
	usm_client_pages(dev, member, base, EVICT_PAGES, 0, words);
	check_eq(count(words, USM_PAGE_ACCESSED | USM_PAGE_DIRTY), 0,
		 "the bits are cleared");
	child_let(&child, 1);
	check(child_reached(&child, 2), "the member touches two");
	cookie = swapper_take(swapper, member, base);
	check(cookie > 0 && !swapper_store(swapper, (uint32_t)cookie),
	      "a third is evicted");
	usm_client_pages(dev, member, base, EVICT_PAGES, 0, words);
	check_eq(count(words, USM_PAGE_ACCESSED), 2, "two were accessed");
	check(words[READ_PAGE] & USM_PAGE_ACCESSED &&
		      words[WRITTEN_PAGE] & USM_PAGE_ACCESSED,
	      "those that were touched");
	check_eq(count(words, USM_PAGE_DIRTY), 1, "one was written");
	check(words[WRITTEN_PAGE] & USM_PAGE_DIRTY, "the one that was");
	check(words[0] & USM_PAGE_EVICTED &&
		      USM_PAGE_FRAME(words[0]) == USM_FRAME_NONE,
	      "the evicted one says so");
	check_eq(usm_client_pages(dev, member + 1000, base, 1, 0, words),
		 -ESRCH, "an unknown member is refused");
	child_let(&child, 2);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0, "the member ends");
}
