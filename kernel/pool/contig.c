// SPDX-License-Identifier: GPL-2.0
/*
 * Pool from the buddy allocator, for kernels without CMA: alloc_contig_range()
 * is the very allocator CMA is built on, it moves what is movable out of the
 * way.  Best soon after boot, before unmovable pages are everywhere.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>

#include "pool/pool.h"

/* Steps of the search: pageblocks are what the allocator isolates. */
#define SEARCH_STEP pageblock_nr_pages
/* Failed attempts are costly (they migrate); give up after this many. */
#define ATTEMPTS_MAX 256

struct search {
	unsigned long wanted;
	unsigned long run; /* candidate frames up to here */
	unsigned long largest;
	unsigned int attempts;
};

/* Could this page be moved or be free? Racy; the allocator decides. */
static bool maybe_usable(struct page *page, struct zone *zone)
{
	if (page_zone(page) != zone || PageReserved(page) || PageHuge(page))
		return false;
	/* Used and neither on an LRU list nor movable: slab, page table… */
	if (page_ref_count(page) > 0 && !PageLRU(compound_head(page)) &&
	    !__PageMovable(page))
		return false;
	return true;
}

static struct page *attempt(struct search *s, unsigned long end)
{
	unsigned long start = end - s->wanted;

	if (alloc_contig_range(start, end, MIGRATE_MOVABLE,
			       GFP_KERNEL | __GFP_NOWARN) == 0)
		return pfn_to_page(start);
	s->attempts++;
	return NULL;
}

static struct page *search_node(struct search *s, int nid)
{
	unsigned long pfn = node_start_pfn(nid);
	unsigned long end = node_end_pfn(nid);
	struct zone *zone = NULL;
	struct page *found;

	for (s->run = 0; pfn < end; pfn++) {
		struct page *page = pfn_to_online_page(pfn);

		if (pfn % SEARCH_STEP == 0) {
			cond_resched();
			if (fatal_signal_pending(current) ||
			    s->attempts >= ATTEMPTS_MAX)
				return NULL;
		}
		/* A run starts at a pageblock and stays in one zone. */
		if (s->run == 0) {
			if (!page || pfn % SEARCH_STEP)
				continue;
			zone = page_zone(page);
		}
		if (!page || !maybe_usable(page, zone)) {
			s->run = 0;
			continue;
		}
		s->largest = max(s->largest, ++s->run);
		if (s->run < s->wanted)
			continue;
		found = attempt(s, pfn + 1);
		if (found)
			return found;
		s->run = 0;
	}
	return NULL;
}

static struct page *take(unsigned long frames)
{
	struct search s = {.wanted = frames};
	struct page *first;
	int nid;

	for_each_online_node(nid)
	{
		first = search_node(&s, nid);
		if (first)
			return first;
	}
	pr_err("no contiguous run of %lu KiB could be had; the largest candidate was %lu KiB. Load the module early at boot (from the initramfs), or ask for less\n",
	       frames << (PAGE_SHIFT - 10),
	       min(s.largest, frames) << (PAGE_SHIFT - 10));
	return ERR_PTR(-ENOMEM);
}

static void give_back(struct page *first, unsigned long frames)
{
	free_contig_range(page_to_pfn(first), frames);
}

const struct usm_pool_backend usm_pool_contig = {
	.name = "contig",
	.take = take,
	.give_back = give_back,
};
