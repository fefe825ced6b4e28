/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A magazine: frames that the policy gave ahead, for whatever page faults
 * next.  One for each member and one that an instance's members share.
 *
 * It is a list through the frame table, so it needs no memory of its own, any
 * frame can be taken out again, and a frame cannot be in a magazine and
 * anywhere else.  Everything here is under instance->lock.
 */
#ifndef USM_MAGAZINE_H
#define USM_MAGAZINE_H

#include <linux/types.h>

struct usm_instance;
struct usm_tag;

struct usm_magazine {
	u32 first; /* USM_FRAME_NONE: empty; the first goes first */
	u32 last;
	u32 stock; /* frames in it */
	u32 low; /* below that the policy is told, once a push; 0: never */
	bool armed;
};

void usm_magazine_init(struct usm_magazine *magazine);

/*
 * usm_magazine_push() - append a FREE frame.
 * @tag: the member, NULL for the shared magazine; a reference is taken
 * Returns -EPERM, -EBUSY as usm_frame_check(), -ENOSPC when it is full.
 */
int usm_magazine_push(struct usm_instance *instance,
		      struct usm_magazine *magazine, struct usm_tag *tag,
		      u32 frame, bool zeroed);

/*
 * The first frame, or USM_FRAME_NONE.  It stays GRANTED, with the reference
 * on its tag.
 */
u32 usm_magazine_pop(struct usm_magazine *magazine);

/* Take out a frame that is in it; as after usm_magazine_pop(). */
void usm_magazine_remove(struct usm_magazine *magazine, u32 frame);

/* Has it just run low?  True once for each push. */
bool usm_magazine_ran_low(struct usm_magazine *magazine);

#endif /* USM_MAGAZINE_H */
