// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/mm.h>

#include "channel/doorbell.h"
#include "frames/frames.h"
#include "frames/large.h"
#include "grants/grants.h"
#include "grants/magazine.h"
#include "grants/notices.h"
#include "instance/instance.h"
#include "ptes/ptes.h"
#include "tags/tags.h"

/* No member's id. */
#define NOBODY U32_MAX

bool usm_grants_any(const struct usm_instance *instance,
		    const struct usm_tag *tag)
{
	return READ_ONCE(tag->nr_ranges) || READ_ONCE(tag->magazine.stock) ||
	       READ_ONCE(instance->shared.stock);
}

static void tell_used(struct usm_instance *instance, struct usm_tag *tag,
		      u32 frame, u32 pages, unsigned long addr)
{
	const struct usm_notice notice = {
		.type = USM_NOTICE_USED,
		.pages = pages,
		.frame = frame,
		.member = tag->member,
		.addr = addr,
	};

	usm_notice_post(instance, &notice);
}

static void tell_low(struct usm_instance *instance,
		     struct usm_magazine *magazine, u32 member, u32 *low)
{
	const struct usm_notice notice = {
		.type = USM_NOTICE_LOW,
		.member = member,
	};

	if (!usm_magazine_ran_low(magazine))
		return;
	usm_notice_post(instance, &notice);
	*low = member;
}

/* The caller holds instance->lock, as for the next. */
static u32 from_range(struct usm_tag *tag, unsigned long addr,
		      struct usm_granted *granted)
{
	struct usm_range *range;
	u32 frame;

	range = usm_range_find(tag, addr);
	if (!range)
		return USM_FRAME_NONE;
	frame = usm_range_frame(tag, range, addr);
	if (frame == USM_FRAME_NONE)
		return frame;
	granted->kind = USM_GRANT_RANGE;
	if (range->around)
		usm_range_window(range, addr, &granted->around);
	usm_range_used(tag, range, 1);
	return frame;
}

static u32 from_magazine(struct usm_tag *tag, struct usm_granted *granted,
			 u32 *low)
{
	struct usm_instance *instance = tag->instance;
	struct usm_magazine *magazine = &tag->magazine;
	u32 member = tag->member;
	u32 frame;

	frame = usm_magazine_pop(magazine);
	if (frame == USM_FRAME_NONE) {
		magazine = &instance->shared;
		member = 0;
		frame = usm_magazine_pop(magazine);
		if (frame == USM_FRAME_NONE)
			return frame;
		usm_tag_get(tag);
	}
	granted->kind = USM_GRANT_MAGAZINE;
	tell_low(instance, magazine, member, low);
	return frame;
}

static void count(struct usm_tag *tag, enum usm_grant_kind kind)
{
	struct usm_instance *instance = tag->instance;
	bool range = kind == USM_GRANT_RANGE;

	atomic64_inc(&instance->faults);
	atomic64_inc(range ? &instance->range : &instance->magazine);
	atomic64_inc(&tag->faults);
	atomic64_inc(range ? &tag->range_faults : &tag->magazine_faults);
}

bool usm_grants_take(struct usm_tag *tag, unsigned long addr,
		     struct usm_granted *granted)
{
	struct usm_instance *instance = tag->instance;
	u32 low = NOBODY;
	u32 frame;

	granted->around = (struct usm_window){};

	spin_lock(&instance->lock);
	frame = from_range(tag, addr, granted);
	if (frame == USM_FRAME_NONE)
		frame = from_magazine(tag, granted, &low);
	if (frame != USM_FRAME_NONE) {
		granted->zeroed = usm_frame(frame)->zeroed;
		granted->page =
			usm_frame_use_locked(instance, frame, tag, addr);
		tell_used(instance, tag, frame, 1, addr);
	}
	spin_unlock(&instance->lock);

	if (frame == USM_FRAME_NONE)
		return false;
	count(tag, granted->kind);
	if (low != NOBODY)
		usm_doorbell_ring_member(instance, low);
	return true;
}

/* One notice for each run of set bits. The caller holds instance->lock. */
static void tell_runs(struct usm_tag *tag, const struct usm_window *window,
		      const unsigned long *pages, u32 nr)
{
	unsigned int first, last;

	for_each_set_bitrange(first, last, pages, nr) tell_used(
		tag->instance, tag, window->first + first, last - first,
		window->start + ((unsigned long)first << PAGE_SHIFT));
}

u32 usm_grants_take_around(struct usm_tag *tag, const struct usm_window *window,
			   unsigned long *pages)
{
	struct usm_instance *instance = tag->instance;
	u32 nr = (window->end - window->start) >> PAGE_SHIFT;
	struct usm_range *range;
	u32 taken = 0, i;

	spin_lock(&instance->lock);
	range = usm_range_find(tag, window->start);
	if (!range)
		goto out;
	for_each_set_bit(i, pages, nr) {
		unsigned long addr =
			window->start + ((unsigned long)i << PAGE_SHIFT);

		/* The range may be another by now, with other frames. */
		if (addr >= range->end ||
		    usm_range_frame(tag, range, addr) != window->first + i) {
			__clear_bit(i, pages);
			continue;
		}
		usm_frame_use_locked(instance, window->first + i, tag, addr);
		taken++;
	}
	tell_runs(tag, window, pages, nr);
	usm_range_used(tag, range, taken);
out:
	spin_unlock(&instance->lock);
	atomic64_add(taken, &instance->around);
	atomic64_add(taken, &tag->around);
	return taken;
}

/* ---- large pages -------------------------------------------------------------- */

/* The caller holds instance->lock. */
static void use_run(struct usm_tag *tag, struct usm_range *range,
		    const struct usm_run *run)
{
	u32 nr = 1U << run->order;
	u32 i;

	for (i = 0; i < nr; i++) {
		usm_frame(run->frame + i)->order = run->order;
		usm_frame_use_locked(tag->instance, run->frame + i, tag,
				     run->start +
					     ((unsigned long)i << PAGE_SHIFT));
	}
	tell_used(tag->instance, tag, run->frame, nr, run->start);
	usm_range_used(tag, range, nr);
}

static void count_run(struct usm_tag *tag, const struct usm_run *run)
{
	u32 others = (1U << run->order) - 1;

	count(tag, USM_GRANT_RANGE);
	atomic64_add(others, &tag->instance->around);
	atomic64_add(others, &tag->around);
}

static bool fits(const struct vm_area_struct *vma, const struct usm_run *run)
{
	unsigned long size = PAGE_SIZE << run->order;

	return run->start >= vma->vm_start &&
	       size <= vma->vm_end - run->start &&
	       usm_ptes_all_missing(vma->vm_mm, run->start, 1U << run->order);
}

/* The caller holds instance->lock. */
static bool find_run(struct usm_tag *tag, const struct usm_range *range,
		     const struct vm_area_struct *vma, unsigned long addr,
		     struct usm_run *run)
{
	u8 order = min_t(u8, range->order, USM_ORDER_MAX - 1);

	/* Spares the others a look where the page's own frame is used. */
	if (usm_range_frame(tag, range, addr) == USM_FRAME_NONE)
		return false;
	for (; order >= USM_LARGE_ORDER_MIN; order--)
		if (usm_range_run(tag, range, addr, order, run) &&
		    fits(vma, run))
			return true;
	return false;
}

bool usm_grants_take_large(struct usm_tag *tag,
			   const struct vm_area_struct *vma, unsigned long addr,
			   struct usm_run *run)
{
	struct usm_instance *instance = tag->instance;
	struct usm_range *range;
	bool taken = false;

	if (!usm_large_supported())
		return false;
	spin_lock(&instance->lock);
	range = usm_range_find(tag, addr);
	if (range && range->order && find_run(tag, range, vma, addr, run)) {
		use_run(tag, range, run);
		taken = true;
	}
	spin_unlock(&instance->lock);
	if (taken)
		count_run(tag, run);
	return taken;
}

bool usm_grants_take_run(struct usm_tag *tag, unsigned long addr, u8 order,
			 struct usm_run *run)
{
	struct usm_instance *instance = tag->instance;
	struct usm_range *range;
	bool taken = false;

	if (!usm_large_supported() || order < USM_LARGE_ORDER_MIN)
		return false;
	spin_lock(&instance->lock);
	range = usm_range_find(tag, addr);
	if (range && range->order >= order &&
	    usm_range_run(tag, range, addr, order, run)) {
		use_run(tag, range, run);
		taken = true;
	}
	spin_unlock(&instance->lock);
	if (taken)
		count_run(tag, run);
	return taken;
}

void usm_grants_run_small(struct usm_instance *instance,
			  const struct usm_run *run)
{
	u32 i;

	spin_lock(&instance->lock);
	for (i = 0; i < 1U << run->order; i++)
		usm_frame(run->frame + i)->order = 0;
	spin_unlock(&instance->lock);
}
