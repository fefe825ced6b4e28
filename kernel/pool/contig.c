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

/* After a failed attempt the window moves by this part of its size. */
#define WINDOW_PARTS 16

struct search {
	unsigned long wanted;
	enum zone_type lowest; /* zones below are spared in this pass */
	unsigned long run; /* candidate frames up to here */
	unsigned long largest;
	unsigned int attempts;
};

/*
 * Never ZONE_MOVABLE: the kernel moves pages out of there before it pins them
 * for long, and frames cannot be moved.
 */
static bool zone_suits(const struct search *s, const struct zone *zone)
{
	return zone_idx(zone) >= s->lowest && zone_idx(zone) < ZONE_MOVABLE;
}

/* Could this page be moved or be free? Racy; the allocator decides. */
static bool maybe_usable(struct page *page, struct zone *zone)
{
	if (page_zone(page) != zone || PageReserved(page) || PageHuge(page) ||
	    PageHWPoison(page))
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
	unsigned long step;

	if (alloc_contig_range(start, end, MIGRATE_MOVABLE,
			       GFP_KERNEL | __GFP_NOWARN) == 0)
		return pfn_to_page(start);
	s->attempts++;
	step = ALIGN(max(s->wanted / WINDOW_PARTS, 1UL), SEARCH_STEP);
	s->run -= min(step, s->run);
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
		if (!page || !zone_suits(s, zone) ||
		    !maybe_usable(page, zone)) {
			s->run = 0;
			continue;
		}
		s->largest = max(s->largest, ++s->run);
		if (s->run < s->wanted)
			continue;
		found = attempt(s, pfn + 1);
		if (found)
			return found;
	}
	return NULL;
}

static struct page *take(unsigned long frames)
{
	/* Memory below 4 GiB is scarce on large machines: last. */
	static const enum zone_type passes[] = { ZONE_NORMAL, 0 };
	struct search s = { .wanted = frames };
	struct page *first;
	int nid, i;

	for (i = 0; i < (int)ARRAY_SIZE(passes); i++) {
		s.lowest = passes[i];
		s.attempts = 0;
		for_each_online_node(nid)
		{
			first = search_node(&s, nid);
			if (first)
				return first;
		}
	}
	pr_err("no contiguous run of %lu KiB could be had: the largest candidate was %lu KiB, %u attempts to clear one failed. Load the module early at boot (from the initramfs), or ask for less\n",
	       frames << (PAGE_SHIFT - 10),
	       min(s.largest, frames) << (PAGE_SHIFT - 10), s.attempts);
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
