/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Range grants: the pages of a run of addresses are to be backed by the frames
 * of a run of the same length, each by its own.
 *
 * A range only says where to look.  Whether a frame is still there to be used
 * is in the frame table: GRANTED, for this member, for this very page.
 * Everything here is under instance->lock.
 */
#ifndef USM_RANGES_H
#define USM_RANGES_H

#include <linux/rbtree.h>
#include <linux/types.h>

#include "usm.h"

struct usm_instance;
struct usm_tag;

struct usm_range {
	struct rb_node node; /* usm_tag.ranges, by address */
	unsigned long start;
	unsigned long end;
	u32 first; /* frame for the page at start */
	u32 left; /* frames not used and not taken back; 0: it is gone */
	u32 cursor; /* frames that usm_range_release() has been through */
	u16 around;
	u8 order;
	bool zeroed;
};

/* What fault-around may use: pages [start, end) and their frames from first. */
struct usm_window {
	bool zeroed; /* the policy vouches for that */
	unsigned long start;
	unsigned long end;
	u32 first;
};

/* An aligned run for one large page. */
struct usm_run {
	unsigned long start;
	u32 frame;
	u8 order;
	bool zeroed;
};

/*
 * usm_range_add() - grant all of @range's frames, or none.
 * @range: filled in but for left and cursor; the tag's from then on
 * Returns -EEXIST over an earlier range, else as usm_frame_check().
 */
int usm_range_add(struct usm_instance *instance, struct usm_tag *tag,
		  struct usm_range *range);

/* The range over @addr, or NULL. */
struct usm_range *usm_range_find(struct usm_tag *tag, unsigned long addr);

/* The unused frame for @addr in it, or USM_FRAME_NONE. */
u32 usm_range_frame(const struct usm_tag *tag, const struct usm_range *range,
		    unsigned long addr);

/*
 * @count of its frames are not its any more; frees it after the last.  The
 * frames stay GRANTED, with the reference on their tag.
 */
void usm_range_used(struct usm_tag *tag, struct usm_range *range, u32 count);

/* Pages that a fault at @addr may map too, its own included. */
void usm_range_window(const struct usm_range *range, unsigned long addr,
		      struct usm_window *window);

/*
 * usm_range_run() - the run of 2^@order pages around @addr, if all of it is in
 * the range and unused.
 */
bool usm_range_run(const struct usm_tag *tag, const struct usm_range *range,
		   unsigned long addr, u8 order, struct usm_run *run);

/*
 * usm_range_release() - one unused frame out of the tag's ranges, as after
 * usm_range_used(), or USM_FRAME_NONE when none is left.
 * @looks: how many frames it may look at; what is left of them
 */
u32 usm_range_release(struct usm_tag *tag, u32 *looks);

#endif /* USM_RANGES_H */
