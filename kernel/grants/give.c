// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "frames/frames.h"
#include "grants/grants.h"
#include "grants/magazine.h"
#include "grants/ranges.h"
#include "instance/instance.h"
#include "pool/pool.h"
#include "tags/tags.h"

/* Frames given back under one hold of the lock: some ten microseconds. */
#define RELEASE_CHUNK 256

void usm_grants_push(struct usm_instance *instance, const u32 *frames,
		     struct usm_push *push)
{
	struct usm_magazine *magazine = &instance->shared;
	struct usm_tag *tag = NULL;

	push->done = 0;
	push->error = 0;
	if (push->member) {
		tag = usm_tag_of_member(instance, push->member);
		if (!tag) {
			push->error = -ESRCH;
			return;
		}
		magazine = &tag->magazine;
	}
	spin_lock(&instance->lock);
	/* After it stopped serving, nobody would take them home again. */
	if (tag && !tag->serving) {
		push->error = -ESRCH;
		goto out;
	}
	for (; push->done < push->nr; push->done++) {
		push->error = usm_magazine_push(instance, magazine, tag,
						frames[push->done],
						push->flags & USM_PUSH_ZEROED);
		if (push->error)
			break;
	}
	magazine->low = push->low;
	magazine->armed = push->low > 0;
out:
	spin_unlock(&instance->lock);
	usm_tag_put(tag);
	if (push->error == -EPERM || push->error == -EBUSY)
		atomic64_inc(&instance->bad_commands);
}

int usm_grants_add(struct usm_instance *instance,
		   const struct usm_grant_entry *entry)
{
	struct usm_range *range;
	struct usm_tag *tag;
	int err = -ESRCH;

	range = kzalloc(sizeof(*range), GFP_KERNEL_ACCOUNT);
	if (!range)
		return -ENOMEM;
	range->start = entry->addr;
	range->end = entry->addr + ((u64)entry->frames << PAGE_SHIFT);
	range->first = entry->first;
	/* Where no large page can be made, one fault does as much work. */
	range->around = max_t(
		u32, entry->around,
		(1U << min_t(u32, entry->order, ilog2(USM_AROUND_MAX))) - 1);
	range->order = entry->order;
	range->zeroed = entry->flags & USM_GRANT_ZEROED;

	tag = usm_tag_of_member(instance, entry->member);
	if (!tag)
		goto out;
	spin_lock(&instance->lock);
	/* After it stopped serving, nobody would take them home again. */
	if (tag->serving)
		err = usm_range_add(instance, tag, range);
	spin_unlock(&instance->lock);
	usm_tag_put(tag);
out:
	if (err)
		kfree(range);
	return err;
}

/* The caller holds instance->lock and took it out of its grant. */
static void drop_tag(struct usm_frame *frame)
{
	usm_tag_put(frame->tag);
	frame->tag = NULL;
	frame->addr = 0;
}

bool usm_grants_unlink(struct usm_instance *instance, u32 index)
{
	struct usm_frame *frame = usm_frame(index);
	struct usm_tag *tag = frame->tag;

	lockdep_assert_held(&instance->lock);
	if (frame->state != USM_FRAME_GRANTED)
		return false;
	if (frame->grant == USM_GRANT_MAGAZINE)
		usm_magazine_remove(tag ? &tag->magazine : &instance->shared,
				    index);
	else if (frame->grant == USM_GRANT_RANGE)
		usm_range_used(tag, usm_range_find(tag, frame->addr), 1);
	else
		return false;
	drop_tag(frame);
	return true;
}

int usm_grants_free(struct usm_instance *instance, u32 index)
{
	struct usm_frame *frame;
	int err = 0;

	spin_lock(&instance->lock);
	frame = usm_frame_owned(instance, index);
	if (!frame)
		err = -EPERM;
	else if (!usm_grants_unlink(instance, index))
		err = -ESTALE;
	else
		usm_frame_set_state(instance, frame, USM_FRAME_FREE);
	spin_unlock(&instance->lock);
	return err;
}

/* Lets a frame that was in no grant any more go home; lock held. */
static void send_home(struct usm_instance *instance, u32 frame)
{
	drop_tag(usm_frame(frame));
	usm_frame_push_home(instance, frame);
}

/* Some frames of a magazine go home; false when none was left. */
static bool release_magazine(struct usm_instance *instance,
			     struct usm_magazine *magazine)
{
	u32 frame = USM_FRAME_NONE;
	u32 i;

	spin_lock(&instance->lock);
	for (i = 0; i < RELEASE_CHUNK; i++) {
		frame = usm_magazine_pop(magazine);
		if (frame == USM_FRAME_NONE)
			break;
		send_home(instance, frame);
	}
	spin_unlock(&instance->lock);
	return frame != USM_FRAME_NONE;
}

/* The same with its ranges. */
static bool release_ranges(struct usm_tag *tag)
{
	struct usm_instance *instance = tag->instance;
	u32 looks = RELEASE_CHUNK;
	u32 frame;

	spin_lock(&instance->lock);
	while ((frame = usm_range_release(tag, &looks)) != USM_FRAME_NONE)
		send_home(instance, frame);
	spin_unlock(&instance->lock);
	return looks == 0;
}

static bool has_any(const struct usm_tag *tag)
{
	return READ_ONCE(tag->magazine.stock) || READ_ONCE(tag->nr_ranges);
}

void usm_grants_release(struct usm_tag *tag)
{
	if (!has_any(tag))
		return;
	while (release_magazine(tag->instance, &tag->magazine))
		cond_resched();
	while (release_ranges(tag))
		cond_resched();
	wake_up_interruptible(&tag->instance->home_wait);
}

/* A member that has something, with a reference, or NULL. */
static struct usm_tag *next_granted(struct usm_instance *instance)
{
	struct usm_tag *tag, *found = NULL;

	spin_lock(&instance->lock);
	list_for_each_entry(tag, &instance->members, member_link) {
		if (!has_any(tag))
			continue;
		usm_tag_get(tag);
		found = tag;
		break;
	}
	spin_unlock(&instance->lock);
	return found;
}

void usm_grants_release_all(struct usm_instance *instance)
{
	struct usm_tag *tag;

	while (release_magazine(instance, &instance->shared))
		cond_resched();
	while ((tag = next_granted(instance)) != NULL) {
		usm_grants_release(tag);
		usm_tag_put(tag);
	}
	wake_up_interruptible(&instance->home_wait);
}
