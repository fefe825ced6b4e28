// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>

#include "frames/frames.h"
#include "grants/magazine.h"
#include "instance/instance.h"
#include "tags/tags.h"

void usm_magazine_init(struct usm_magazine *magazine)
{
	magazine->first = USM_FRAME_NONE;
	magazine->last = USM_FRAME_NONE;
}

int usm_magazine_push(struct usm_instance *instance,
		      struct usm_magazine *magazine, struct usm_tag *tag,
		      u32 index, bool zeroed)
{
	struct usm_frame *frame;
	int err;

	lockdep_assert_held(&instance->lock);
	err = usm_frame_check(instance, index);
	if (err)
		return err;
	if (magazine->stock >= USM_MAGAZINE_MAX)
		return -ENOSPC;

	usm_frame_set_grant(instance, index, USM_GRANT_MAGAZINE, zeroed);
	frame = usm_frame(index);
	if (tag)
		usm_tag_get(tag);
	frame->tag = tag;
	frame->next = USM_FRAME_NONE;
	frame->previous = magazine->last;
	if (magazine->last == USM_FRAME_NONE)
		magazine->first = index;
	else
		usm_frame(magazine->last)->next = index;
	magazine->last = index;
	WRITE_ONCE(magazine->stock, magazine->stock + 1);
	return 0;
}

void usm_magazine_remove(struct usm_magazine *magazine, u32 index)
{
	struct usm_frame *frame = usm_frame(index);

	if (frame->previous == USM_FRAME_NONE)
		magazine->first = frame->next;
	else
		usm_frame(frame->previous)->next = frame->next;
	if (frame->next == USM_FRAME_NONE)
		magazine->last = frame->previous;
	else
		usm_frame(frame->next)->previous = frame->previous;
	frame->next = USM_FRAME_NONE;
	WRITE_ONCE(magazine->stock, magazine->stock - 1);
}

u32 usm_magazine_pop(struct usm_magazine *magazine)
{
	u32 index = magazine->first;

	if (index != USM_FRAME_NONE)
		usm_magazine_remove(magazine, index);
	return index;
}

bool usm_magazine_ran_low(struct usm_magazine *magazine)
{
	if (!magazine->armed || magazine->stock >= magazine->low)
		return false;
	magazine->armed = false;
	return true;
}
