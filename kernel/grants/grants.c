// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/sched.h>

#include "channel/doorbell.h"
#include "frames/frames.h"
#include "grants/grants.h"
#include "grants/magazine.h"
#include "grants/notices.h"
#include "instance/instance.h"
#include "pool/pool.h"
#include "tags/tags.h"

/* Frames given back under one hold of the lock: some ten microseconds. */
#define RELEASE_CHUNK 256

bool usm_grants_any(const struct usm_instance *instance,
		    const struct usm_tag *tag)
{
	return READ_ONCE(tag->magazine.stock) ||
	       READ_ONCE(instance->shared.stock);
}

static void tell_used(struct usm_instance *instance, struct usm_tag *tag,
		      u32 frame, unsigned long addr)
{
	const struct usm_notice notice = {
		.type = USM_NOTICE_USED,
		.pages = 1,
		.frame = frame,
		.member = tag->member,
		.addr = addr,
	};

	usm_notice_post(instance, &notice);
}

static bool tell_low(struct usm_instance *instance,
		     struct usm_magazine *magazine, u32 member)
{
	const struct usm_notice notice = {
		.type = USM_NOTICE_LOW,
		.member = member,
	};

	if (!usm_magazine_ran_low(magazine))
		return false;
	usm_notice_post(instance, &notice);
	return true;
}

bool usm_grants_take(struct usm_instance *instance, struct usm_tag *tag,
		     unsigned long addr, struct usm_granted *granted)
{
	struct usm_magazine *magazine = &tag->magazine;
	u32 member = tag->member;
	bool low = false;
	u32 frame;

	spin_lock(&instance->lock);
	frame = usm_magazine_pop(magazine);
	if (frame == USM_FRAME_NONE) {
		magazine = &instance->shared;
		member = 0;
		frame = usm_magazine_pop(magazine);
		if (frame == USM_FRAME_NONE)
			goto out;
		usm_tag_get(tag);
	}
	granted->kind = USM_GRANT_MAGAZINE;
	granted->zeroed = usm_frame(frame)->zeroed;
	granted->page = usm_frame_use_locked(instance, frame, tag, addr);
	tell_used(instance, tag, frame, addr);
	low = tell_low(instance, magazine, member);
	atomic64_inc(&instance->faults);
	atomic64_inc(&instance->magazine);
	atomic64_inc(&tag->faults);
	atomic64_inc(&tag->magazine_faults);
out:
	spin_unlock(&instance->lock);
	if (low)
		usm_doorbell_ring_member(instance, member);
	return frame != USM_FRAME_NONE;
}

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

	lockdep_assert_held(&instance->lock);
	if (frame->state != USM_FRAME_GRANTED ||
	    frame->grant != USM_GRANT_MAGAZINE)
		return false;
	usm_magazine_remove(
		frame->tag ? &frame->tag->magazine : &instance->shared, index);
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

/* Some frames of a magazine go home; false when none was left. */
static bool release_some(struct usm_instance *instance,
			 struct usm_magazine *magazine)
{
	u32 frame = USM_FRAME_NONE;
	u32 i;

	spin_lock(&instance->lock);
	for (i = 0; i < RELEASE_CHUNK; i++) {
		frame = usm_magazine_pop(magazine);
		if (frame == USM_FRAME_NONE)
			break;
		drop_tag(usm_frame(frame));
		usm_frame_push_home(instance, frame);
	}
	spin_unlock(&instance->lock);
	if (i > 0)
		wake_up_interruptible(&instance->home_wait);
	return frame != USM_FRAME_NONE;
}

void usm_grants_release(struct usm_tag *tag)
{
	while (READ_ONCE(tag->magazine.stock) &&
	       release_some(tag->instance, &tag->magazine))
		cond_resched();
}

/* A member that has something, with a reference, or NULL. */
static struct usm_tag *next_granted(struct usm_instance *instance)
{
	struct usm_tag *tag, *found = NULL;

	spin_lock(&instance->lock);
	list_for_each_entry(tag, &instance->members, member_link) {
		if (!tag->magazine.stock)
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

	while (release_some(instance, &instance->shared))
		cond_resched();
	while ((tag = next_granted(instance)) != NULL) {
		usm_grants_release(tag);
		usm_tag_put(tag);
	}
}
