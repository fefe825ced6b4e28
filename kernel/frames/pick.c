// SPDX-License-Identifier: GPL-2.0
/* A frame for the kernel's own moving of pages, where no policy is asked. */
#include <linux/mm.h>
#include <linux/sched.h>

#include "device/device.h"
#include "frames/frames.h"
#include "instance/instance.h"
#include "pool/pool.h"

/* Frames looked at under one hold of the lock. */
#define CHUNK 256

/* Takes the first FREE one of a run; the lock is held. */
static bool take(struct usm_instance *instance, struct usm_extent run,
		 u32 *index)
{
	u32 i, end = run.first + min_t(u32, run.frames, CHUNK);

	for (i = run.first; i < end; i++) {
		struct usm_frame *frame = usm_frame(i);

		if (frame->state != USM_FRAME_FREE ||
		    frame->owner != instance->id ||
		    PageHWPoison(usm_pool_page(i)))
			continue;
		usm_frame_set_grant(instance, i, USM_GRANT_FAULT, false);
		frame->withheld = 1;
		*index = i;
		instance->pick_next = i + 1;
		return true;
	}
	instance->pick_next = end;
	return false;
}

int usm_frame_pick(struct usm_instance *instance, u32 *index)
{
	struct usm_extent run;
	bool found = false;
	u32 seen = 0;

	while (!found) {
		spin_lock(&instance->lock);
		/* Once around, and a bit for where it began. */
		if (instance->frames[USM_FRAME_FREE] == 0 ||
		    instance->runs.nr == 0 ||
		    instance->state == USM_INSTANCE_DYING ||
		    seen > instance->runs.frames + 2 * CHUNK) {
			spin_unlock(&instance->lock);
			return -ENOSPC;
		}
		if (!usm_runs_next(&instance->runs, instance->pick_next, &run))
			usm_runs_next(&instance->runs, 0, &run);
		seen += min_t(u32, run.frames, CHUNK);
		found = take(instance, run, index);
		spin_unlock(&instance->lock);
		cond_resched();
	}
	usm_slice_withhold(instance, *index);
	return 0;
}
