// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "frames/frames.h"
#include "grants/ranges.h"
#include "instance/instance.h"
#include "tags/tags.h"

static u32 pages_of(const struct usm_range *range)
{
	return (range->end - range->start) >> PAGE_SHIFT;
}

struct usm_range *usm_range_find(struct usm_tag *tag, unsigned long addr)
{
	struct rb_node *node = tag->ranges.rb_node;

	while (node) {
		struct usm_range *range =
			rb_entry(node, struct usm_range, node);

		if (addr < range->start)
			node = node->rb_left;
		else if (addr >= range->end)
			node = node->rb_right;
		else
			return range;
	}
	return NULL;
}

static int insert(struct usm_tag *tag, struct usm_range *range)
{
	struct rb_node **link = &tag->ranges.rb_node;
	struct rb_node *parent = NULL;

	while (*link) {
		struct usm_range *other =
			rb_entry(*link, struct usm_range, node);

		parent = *link;
		if (range->end <= other->start)
			link = &parent->rb_left;
		else if (range->start >= other->end)
			link = &parent->rb_right;
		else
			return -EEXIST;
	}
	rb_link_node(&range->node, parent, link);
	rb_insert_color(&range->node, &tag->ranges);
	WRITE_ONCE(tag->nr_ranges, tag->nr_ranges + 1);
	if (range->order)
		WRITE_ONCE(tag->large_ranges, tag->large_ranges + 1);
	return 0;
}

static void erase(struct usm_tag *tag, struct usm_range *range)
{
	rb_erase(&range->node, &tag->ranges);
	WRITE_ONCE(tag->nr_ranges, tag->nr_ranges - 1);
	if (range->order)
		WRITE_ONCE(tag->large_ranges, tag->large_ranges - 1);
	kfree(range);
}

int usm_range_add(struct usm_instance *instance, struct usm_tag *tag,
		  struct usm_range *range)
{
	u32 pages = pages_of(range);
	struct usm_frame *frame;
	int err;
	u32 i;

	lockdep_assert_held(&instance->lock);
	for (i = 0; i < pages; i++) {
		err = usm_frame_check(instance, range->first + i);
		if (err)
			return err;
	}
	err = insert(tag, range);
	if (err)
		return err;

	for (i = 0; i < pages; i++) {
		usm_frame_set_grant(instance, range->first + i, USM_GRANT_RANGE,
				    range->zeroed);
		frame = usm_frame(range->first + i);
		usm_tag_get(tag);
		frame->tag = tag;
		frame->addr = range->start + ((unsigned long)i << PAGE_SHIFT);
	}
	range->left = pages;
	range->cursor = 0;
	return 0;
}

u32 usm_range_frame(const struct usm_tag *tag, const struct usm_range *range,
		    unsigned long addr)
{
	u32 index = range->first + ((addr - range->start) >> PAGE_SHIFT);
	const struct usm_frame *frame = usm_frame(index);

	if (frame->state == USM_FRAME_GRANTED &&
	    frame->grant == USM_GRANT_RANGE && frame->tag == tag &&
	    frame->addr == addr)
		return index;
	return USM_FRAME_NONE;
}

void usm_range_used(struct usm_tag *tag, struct usm_range *range, u32 count)
{
	range->left -= count;
	if (range->left == 0)
		erase(tag, range);
}

void usm_range_window(const struct usm_range *range, unsigned long addr,
		      struct usm_window *window)
{
	unsigned long size = ((unsigned long)range->around + 1) << PAGE_SHIFT;
	unsigned long offset = (addr - range->start) / size * size;

	/*
	 * Cut from the grant's own start, so that going through it in any
	 * direction takes one fault for so many pages.
	 */
	window->start = range->start + offset;
	window->end = min(window->start + size, range->end);
	window->zeroed = range->zeroed;
	window->first = range->first + (offset >> PAGE_SHIFT);
}

bool usm_range_run(const struct usm_tag *tag, const struct usm_range *range,
		   unsigned long addr, u8 order, struct usm_run *run)
{
	unsigned long size = PAGE_SIZE << order;
	u32 i;

	run->start = ALIGN_DOWN(addr, size);
	if (run->start < range->start || size > range->end - run->start)
		return false;
	run->frame = range->first + ((run->start - range->start) >> PAGE_SHIFT);
	run->order = order;
	run->zeroed = range->zeroed;
	for (i = 0; i < 1U << order; i++)
		if (usm_range_frame(tag, range,
				    run->start +
					    ((unsigned long)i << PAGE_SHIFT)) ==
		    USM_FRAME_NONE)
			return false;
	return true;
}

u32 usm_range_release(struct usm_tag *tag, u32 *looks)
{
	struct rb_node *node;

	while (*looks > 0 && (node = rb_first(&tag->ranges)) != NULL) {
		struct usm_range *range =
			rb_entry(node, struct usm_range, node);
		u32 frame = USM_FRAME_NONE;

		/* What is left is past the cursor. */
		for (; *looks > 0 && frame == USM_FRAME_NONE &&
		       range->cursor < pages_of(range);
		     --*looks)
			frame = usm_range_frame(
				tag, range,
				range->start + ((unsigned long)range->cursor++
						<< PAGE_SHIFT));
		if (frame != USM_FRAME_NONE) {
			usm_range_used(tag, range, 1);
			return frame;
		}
		if (WARN_ON_ONCE(range->cursor >= pages_of(range)))
			erase(tag, range);
	}
	return USM_FRAME_NONE;
}
