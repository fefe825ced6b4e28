// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pagemap.h>
#include <linux/vmstat.h>

#include "compat/compat.h"
#include "compat/symbols.h"
#include "frames/frames.h"
#include "frames/home.h"
#include "frames/large.h"
#include "instance/instance.h"
#include "pool/pool.h"
#include "tags/tags.h"

static bool supported;

void usm_large_init(void)
{
	supported = usm_symbols_large();
}

bool usm_large_supported(void)
{
	return supported;
}

bool usm_large_is_head(u32 frame, u8 order)
{
	return (usm_pool.base_pfn + frame) % (1UL << order) == 0;
}

static void refreeze(struct page *first, u32 frozen, int count)
{
	while (frozen-- > 0)
		page_ref_unfreeze(first + frozen, count);
}

struct folio *usm_large_build(struct page *first, unsigned int order)
{
	struct folio *folio = (struct folio *)first;
	u32 i;

	/*
	 * GUP-fast and others may hold a reference for a moment on any page
	 * they find; frozen, they cannot.
	 */
	for (i = 0; i < 1U << order; i++) {
		if (!page_ref_freeze(first + i, 2)) {
			refreeze(first, i, 2);
			return NULL;
		}
	}
	usm_prep_compound_page(first, order);
	usm_folio_set_rmappable(folio);
	page_ref_unfreeze(first, 2);
	return folio;
}

bool usm_large_take_apart(struct page *first, unsigned int order)
{
	struct folio *folio = (struct folio *)first;
	u32 i;

	if (!page_ref_freeze(first, 1))
		return false;
	WARN_ONCE(folio_test_lru(folio) || usm_page_mapped(first) ||
			  !usm_folio_unqueued(folio),
		  "usm: a large page is home and still in use\n");
	if (folio_test_anon(folio))
		usm_count_large_anon(order, -1);
	if (folio_test_clear_mlocked(folio))
		mod_zone_page_state(page_zone(first), NR_MLOCK, -(1L << order));
	for (i = 1; i < 1U << order; i++) {
		clear_compound_head(first + i);
		usm_frame_renew(first + i);
		page_ref_unfreeze(first + i, 1);
	}
	ClearPageCompound(first);
	usm_frame_renew(first);
	page_ref_unfreeze(first, 1);
	return true;
}

/* Its order, and the first frame of its run; 0 for none. Marks it as busy. */
static u8 begin_split(struct usm_instance *instance, u32 *index)
{
	struct usm_frame *frame;
	u8 order = 0;

	spin_lock(&instance->lock);
	frame = usm_frame(*index);
	if (frame->owner == instance->id && frame->state == USM_FRAME_MAPPED)
		order = frame->order;
	if (order) {
		*index -= (usm_pool.base_pfn + *index) % (1U << order);
		/* Out of its page tables for a moment, it would look home. */
		if (usm_frame(*index)->splitting)
			order = 0;
		else
			usm_frame(*index)->splitting = 1;
	}
	spin_unlock(&instance->lock);
	return order;
}

static void end_split(struct usm_instance *instance, u32 first, u8 order,
		      bool small)
{
	u32 i;

	spin_lock(&instance->lock);
	for (i = first; small && i < first + (1U << order); i++)
		usm_frame(i)->order = 0;
	usm_frame(first)->splitting = 0;
	if (small)
		usm_frame(first)->partial = 0;
	spin_unlock(&instance->lock);
}

/*
 * The kernel does it, for a folio that is locked and has no reference but its
 * mappings' and one.  With a list, the tails get a reference each, in which we
 * see their base ones.
 */
static int split_locked(struct page *first)
{
	struct page *tail, *next;
	LIST_HEAD(tails);
	int err = usm_split_large(first, &tails);

	list_for_each_entry_safe(tail, next, &tails, lru)
		INIT_LIST_HEAD(&tail->lru);
	return err;
}

int usm_large_split(struct usm_instance *instance, u32 index)
{
	struct page *first;
	int err = -EBUSY;
	u8 order;

	order = begin_split(instance, &index);
	if (!order)
		return -ENOENT;
	first = usm_pool_page(index);
	if (trylock_page(first)) {
		/* The one reference is our base one. */
		err = split_locked(first) ? -EBUSY : 0;
		unlock_page(first);
	}
	end_split(instance, index, order, err == 0);
	if (!err)
		usm_home_hint(instance);
	return err;
}

int usm_large_split_for_kernel(struct page *first)
{
	u32 index = page_to_pfn(first) - usm_pool.base_pfn;
	/* Its caller has a reference, so the frame is not going home. */
	struct usm_tag *tag = READ_ONCE(usm_frame(index)->tag);
	u32 head = index;
	int err;
	u8 order;

	if (!tag || !PageHead(first))
		return -EBUSY;
	order = begin_split(tag->instance, &head);
	if (!order)
		return -EBUSY;
	/* The one reference is the caller's, so ours steps aside. */
	page_ref_dec(first);
	err = split_locked(first);
	page_ref_inc(first);
	end_split(tag->instance, index, order, err == 0);
	usm_home_hint(tag->instance);
	return err;
}

void usm_large_unmapped_part(struct folio *folio)
{
	u32 frame = folio_pfn(folio) - usm_pool.base_pfn;

	/* A look for frames follows every unmapping. */
	WRITE_ONCE(usm_frame(frame)->partial, 1);
}
