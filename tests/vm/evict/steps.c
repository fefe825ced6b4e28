/* SPDX-License-Identifier: MIT */
/* One eviction, step by step, and a touch between any two of them. */
#include <errno.h>
#include <string.h>

#include "common/client.h"
#include "evict.h"
#include "lib/check.h"
#include "lib/pagemap.h"
#include "lib/pattern.h"
#include "lib/wait.h"

/* Verifies whenever it is let, until WORD_STOP. */
static int verify_main(struct child *self, void *arg)
{
	void *base = member_begin(self);
	uint32_t step = 2;

	(void)arg;
	for (;; step++) {
		if (self->shared->word[WORD_STOP])
			return 0;
		self->shared->word[WORD_BAD] +=
			pattern_bad(base, 0, EVICT_PAGES, 1, EVICT_SEED);
		child_stop_at(self, step);
	}
}

static uint64_t pfn_at(struct child *child, uint64_t addr)
{
	struct pages pages;
	uint64_t pfn = 0;

	if (pages_read_range(child->pid, addr, addr + PAGE_BYTES, &pages))
		require(false, "pagemap is read");
	if (pages.nr)
		pfn = pages.at[0].pfn;
	pages_free(&pages);
	return pfn;
}

static size_t present(struct child *child, uint64_t addr)
{
	struct pages pages;
	size_t nr;

	if (pages_read_range(child->pid, addr, addr + EVICT_PAGES * PAGE_BYTES,
			     &pages))
		require(false, "pagemap is read");
	nr = pages.nr;
	pages_free(&pages);
	return nr;
}

static void touched_before_stored(struct swapper *swapper, struct child *child,
				  uint32_t member, uint64_t base)
{
	uint64_t pfn = pfn_at(child, base);
	uint32_t before = swapper->retaken;
	int cookie = swapper_take(swapper, member, base);

	check(cookie > 0, "a page is taken (%d)", cookie);
	check_eq(pfn_at(child, base), 0, "it is in no page table");
	check_eq(raw_daemon_frame(&swapper->daemon,
				  swapper->store[cookie].frame),
		 USM_FRAME_EVICTING, "its frame is EVICTING");
	check_eq(swapper->store[cookie].frame + swapper->base_pfn, pfn,
		 "and it is the frame that was mapped");
	child_let(child, 1);
	check(child_reached(child, 2), "the member touches it");
	check_eq(pfn_at(child, base), pfn, "the same frame is back");
	check_eq(swapper_store(swapper, (uint32_t)cookie), -ESTALE,
		 "storing it comes too late");
	check(wait_until(CHILD_LIMIT_MS, swapper->retaken == before + 1),
	      "a notice says that it was retaken");
	check(wait_until(CHILD_LIMIT_MS, swapper_cookies(swapper) == 0),
	      "and one that the cookie is not needed");
}

static void stored_and_back(struct swapper *swapper, struct child *child,
			    uint32_t member, uint64_t base)
{
	struct usm_evicted_info list[EVICT_PAGES];
	uint32_t nr = EVICT_PAGES, out;

	out = swapper_evict(swapper, member, base, EVICT_PAGES);
	check_eq(out, EVICT_PAGES, "all pages go in batches");
	check_eq(present(child, base), 0, "none is in the page table");
	check(!usm_client_evicted(swapper->daemon.dev, 0, list, &nr),
	      "the evicted pages are listed");
	check_eq(nr, EVICT_PAGES, "all of them");
	check(list[0].places == 1 && list[0].frame == USM_FRAME_NONE &&
		      list[0].member == member && list[0].cookie > 0,
	      "with cookie, member and place");
	child_let(child, 2);
	check(child_reached(child, 3), "the member reads them");
	check_eq(present(child, base), EVICT_PAGES, "all are mapped again");
	check(wait_until(CHILD_LIMIT_MS, swapper_cookies(swapper) == 0),
	      "no cookie is needed any more");
}

static void brought_ahead(struct swapper *swapper, struct child *child,
			  uint32_t member, uint64_t base)
{
	struct usm_swapin_entry entry = { .addr = base, .member = member };
	int cookie = swapper_take(swapper, member, base);
	uint32_t before;

	check(cookie > 0, "a page is taken");
	turns_take(&swapper->lock);
	entry.frame = swapper->free[--swapper->nr_free];
	turns_leave(&swapper->lock);
	usm_client_swapin(swapper->daemon.dev, &entry, 1, NULL);
	check_eq(entry.result, -EBUSY, "swap-in before it is stored: refused");
	check_eq(swapper_store(swapper, (uint32_t)cookie), 0, "it is stored");
	memcpy(swapper->slice + entry.frame * PAGE_BYTES,
	       swapper->store[cookie].bytes, PAGE_BYTES);
	usm_client_swapin(swapper->daemon.dev, &entry, 1, NULL);
	check_eq(entry.result, 0, "it is brought back ahead of the touch");
	check_eq(pfn_at(child, base), entry.frame + swapper->base_pfn,
		 "in the frame that was filled");
	usm_client_swapin(swapper->daemon.dev, &entry, 1, NULL);
	check_eq(entry.result, -ENOENT, "a second time there is nothing");
	before = swapper->swapins;
	child_let(child, 3);
	check(child_reached(child, 4), "the member reads it");
	check_eq(swapper->swapins, before, "without a fault for the policy");
}

void test_steps(struct swapper *swapper)
{
	struct child child;
	uint32_t member = member_start(&child, swapper, USM_INHERIT_ALL,
				       verify_main, NULL);
	uint64_t base = child.shared->word[WORD_BASE];

	touched_before_stored(swapper, &child, member, base);
	stored_and_back(swapper, &child, member, base);
	brought_ahead(swapper, &child, member, base);
	check_eq(child.shared->word[WORD_BAD], 0, "every page was right");
	child.shared->word[WORD_STOP] = 1;
	child_let(&child, 4);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0, "the member ends");
}
