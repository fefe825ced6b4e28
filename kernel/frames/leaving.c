// SPDX-License-Identifier: GPL-2.0
/*
 * Frames that an instance gives up while it lives: marked first, so that they
 * are not used again, and taken one by one as each becomes FREE.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "frames/frames.h"
#include "grants/grants.h"
#include "instance/instance.h"
#include "usm_module.h"

/* Frames looked at under one hold of the lock. */
#define CHUNK 256
/* Where one came home others follow: they are taken together. */
#define LEAVE_DELAY_MS 5

/*
 * Calls @change for every frame of a run that is the instance's, under its
 * lock; returns the sum of what it returned.
 */
static u32 for_each_own(struct usm_instance *instance, u32 first, u32 count,
			u32 (*change)(struct usm_instance *instance, u32 index))
{
	u32 i = first, sum = 0;

	while (i < first + count) {
		u32 end = min(i + CHUNK, first + count);

		spin_lock(&instance->lock);
		for (; i < end; i++)
			if (usm_frame(i)->owner == instance->id)
				sum += change(instance, i);
		spin_unlock(&instance->lock);
		cond_resched();
	}
	return sum;
}

static u32 leave(struct usm_instance *instance, u32 index)
{
	usm_frame(index)->leaving = 1;
	if (usm_grants_unlink(instance, index))
		usm_frame_push_home(instance, index);
	return 1;
}

static u32 stay(struct usm_instance *instance, u32 index)
{
	usm_frame(index)->leaving = 0;
	return 1;
}

static u32 let_go(struct usm_instance *instance, u32 index)
{
	struct usm_frame *frame = usm_frame(index);

	if (!frame->leaving)
		return 0;
	if (frame->state != USM_FRAME_FREE &&
	    frame->state != USM_FRAME_QUARANTINED)
		return 1;
	usm_frame_take(instance, index);
	return 0;
}

void usm_frames_leave(struct usm_instance *instance, u32 first, u32 count)
{
	for_each_own(instance, first, count, leave);
}

void usm_frames_stay(struct usm_instance *instance, u32 first, u32 count)
{
	for_each_own(instance, first, count, stay);
}

u32 usm_frames_let_go(struct usm_instance *instance, u32 first, u32 count)
{
	return for_each_own(instance, first, count, let_go);
}

void usm_frames_recall_home(struct usm_instance *instance)
{
	u32 index, next, i;
	bool any;

	/* Off the list and on again, but for those that leave. */
	spin_lock(&instance->lock);
	index = instance->home_first;
	instance->home_first = USM_FRAME_NONE;
	spin_unlock(&instance->lock);
	any = index != USM_FRAME_NONE;

	while (index != USM_FRAME_NONE) {
		spin_lock(&instance->lock);
		for (i = 0; i < CHUNK && index != USM_FRAME_NONE; i++) {
			next = usm_frame(index)->next;
			usm_frame_push_home(instance, index);
			index = next;
		}
		spin_unlock(&instance->lock);
		cond_resched();
	}
	/* A reader may have looked in between. */
	if (any)
		wake_up_interruptible(&instance->home_wait);
}

void usm_frame_left(struct usm_instance *instance)
{
	lockdep_assert_held(&instance->lock);
	queue_delayed_work(usm_wq, &instance->leave_work,
			   msecs_to_jiffies(LEAVE_DELAY_MS));
}
