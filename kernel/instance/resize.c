// SPDX-License-Identifier: GPL-2.0
/*
 * A partition that grows and shrinks while its tenants run.
 *
 * One resize of an instance at a time.  The instances' mutex is let go of
 * where it would be held for long (scrubbing, moving pages); .resizing keeps
 * the instance from ending meanwhile.
 */
#include <linux/capability.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "channel/slots.h"
#include "device/device.h"
#include "frames/frames.h"
#include "instance/instance.h"
#include "moves/moves.h"
#include "pool/pool.h"

static bool may_resize(const struct usm_instance *instance,
		       const struct file *file)
{
	return capable(CAP_SYS_ADMIN) ||
	       READ_ONCE(instance->owner_file) == file;
}

static void set_runs(struct usm_instance *instance, struct usm_runs *which,
		     const struct usm_runs *runs)
{
	spin_lock(&instance->lock);
	*which = *runs;
	spin_unlock(&instance->lock);
}

static void announce(struct usm_instance *instance)
{
	spin_lock(&instance->lock);
	usm_event_emit_plain(instance, USM_EVENT_RESIZE);
	spin_unlock(&instance->lock);
}

static u32 owned(struct usm_instance *instance)
{
	u32 i, sum = 0;

	spin_lock(&instance->lock);
	for (i = 0; i < USM_FRAME_STATES; i++)
		sum += instance->frames[i];
	spin_unlock(&instance->lock);
	return sum;
}

/* ---- frames that leave ------------------------------------------------------- */

/* Back to the pool with what is FREE. The instances' mutex is held. */
static void let_go(struct usm_instance *instance)
{
	u32 still[USM_EXTENTS_MAX];
	u32 i;

	lockdep_assert_held(&usm_instances_lock);
	if (instance->leaving.nr == 0)
		return;
	usm_frames_recall_home(instance);
	/* After this no fault in the slice sees the right to them… */
	down_write(&instance->slice_sem);
	for (i = 0; i < instance->leaving.nr; i++)
		still[i] = usm_frames_let_go(instance,
					     instance->leaving.at[i].first,
					     instance->leaving.at[i].frames);
	up_write(&instance->slice_sem);
	/* …and after this none is left that an earlier one put there. */
	usm_slice_revoke(&instance->leaving);

	spin_lock(&instance->lock);
	for (i = instance->leaving.nr; i-- > 0;)
		if (!still[i])
			usm_runs_drop(&instance->leaving, i);
	spin_unlock(&instance->lock);
}

static void leave_work(struct work_struct *work)
{
	struct usm_instance *instance = container_of(
		to_delayed_work(work), struct usm_instance, leave_work);

	mutex_lock(&usm_instances_lock);
	let_go(instance);
	mutex_unlock(&usm_instances_lock);
}

void usm_leave_init(struct usm_instance *instance)
{
	INIT_DELAYED_WORK(&instance->leave_work, leave_work);
}

/*
 * The instances' mutex is held, and let go of in between.  Returns how many
 * pages were moved.
 */
static u32 shrink(struct usm_instance *instance, u32 frames)
{
	struct usm_extent cut;
	u32 moved;

	/* Without a daemon nobody reads them, and the next one asks anew. */
	if (instance->state == USM_INSTANCE_LOST)
		usm_frames_forget_home(instance);

	while (instance->runs.frames > frames) {
		spin_lock(&instance->lock);
		cut = usm_runs_cut_tail(&instance->runs,
					instance->runs.frames - frames);
		usm_runs_cover(&instance->leaving, cut.first, cut.frames);
		spin_unlock(&instance->lock);
		usm_frames_leave(instance, cut.first, cut.frames);
	}
	announce(instance);
	let_go(instance);
	if (instance->leaving.nr == 0)
		return 0;

	mutex_unlock(&usm_instances_lock);
	moved = usm_move_leaving(instance);
	mutex_lock(&usm_instances_lock);
	let_go(instance);
	if (moved)
		announce(instance);
	return moved;
}

/* ---- growing ------------------------------------------------------------------ */

/* What growing works on; too large for the stack. */
struct growth {
	struct usm_runs whole; /* the partition to be */
	struct usm_runs back; /* of that, frames that were leaving */
	struct usm_runs fresh; /* and frames of the pool */
	struct usm_runs trial; /* scratch */
	u32 wanted;
};

/* The next frames at or after @from that are leaving and still here. */
static bool next_leaving(struct usm_instance *instance, u32 from,
			 struct usm_extent *out)
{
	struct usm_extent run;
	u32 i, end;

	while (usm_runs_next(&instance->leaving, from, &run)) {
		end = run.first + run.frames;
		for (i = run.first; i < end; i++)
			if (usm_frame(i)->owner == instance->id &&
			    usm_frame(i)->leaving)
				break;
		from = end;
		if (i == end)
			continue;
		out->first = i;
		while (i < end && usm_frame(i)->owner == instance->id &&
		       usm_frame(i)->leaving)
			i++;
		out->frames = i - out->first;
		return true;
	}
	return false;
}

/*
 * Unless either list is full.  The last place in that of the whole is kept for
 * what is missing otherwise, which comes in one piece at best: crumbs in it
 * would keep the partition from growing for as long as they are in use.
 */
static bool take_back(struct growth *growth, const struct usm_extent *run)
{
	struct usm_runs *trial = &growth->trial;

	*trial = growth->whole;
	if (usm_runs_add(trial, run->first, run->frames))
		return false;
	if (trial->nr > growth->whole.nr && trial->nr == USM_EXTENTS_MAX &&
	    trial->frames < growth->wanted)
		return false;
	if (usm_runs_add(&growth->back, run->first, run->frames))
		return false;
	growth->whole = *trial;
	return true;
}

/* Frames on their way out are nearer than any other. */
static void plan_back(struct usm_instance *instance, struct growth *growth)
{
	struct usm_extent run;
	u32 from = 0;

	while (growth->whole.frames < growth->wanted &&
	       next_leaving(instance, from, &run)) {
		from = run.first + run.frames;
		run.frames =
			min(run.frames, growth->wanted - growth->whole.frames);
		/* Those that are not taken go on leaving. */
		take_back(growth, &run);
	}
}

static int add_fresh(struct growth *growth)
{
	struct usm_runs *trial = &growth->trial;
	u32 i;
	int err;

	*trial = growth->whole;
	for (i = 0; i < growth->fresh.nr; i++) {
		err = usm_runs_add(trial, growth->fresh.at[i].first,
				   growth->fresh.at[i].frames);
		if (err)
			return err;
	}
	growth->whole = *trial;
	return 0;
}

/* From run number @first on, what is free behind each makes it longer. */
static int widen(struct growth *growth, u32 first)
{
	u32 more = growth->wanted - growth->whole.frames;
	const struct usm_extent *run;
	int err;

	for (run = &growth->whole.at[first];
	     run < &growth->whole.at[growth->whole.nr] &&
	     growth->fresh.frames < more;
	     run++)
		usm_partition_carve_next(&growth->fresh,
					 run->first + run->frames,
					 more - growth->fresh.frames);
	err = growth->fresh.frames < more ? -ENOSPC : add_fresh(growth);
	if (err)
		usm_partition_uncarve(&growth->fresh);
	return err;
}

static int plan_fresh(struct growth *growth, u32 *left)
{
	u32 more = growth->wanted - growth->whole.frames;
	int err;

	if (more == 0)
		return 0;
	/* Best of all is one more piece of the last run. */
	if (!widen(growth, growth->whole.nr - 1))
		return 0;
	err = usm_partition_carve(&growth->fresh, more, left);
	if (err)
		return err;
	err = add_fresh(growth);
	if (!err)
		return 0;
	/* Too many runs: none more, then. */
	usm_partition_uncarve(&growth->fresh);
	err = widen(growth, 0);
	if (err)
		*left = usm_pool.free;
	return err;
}

/* The instances' mutex is held, and let go of in between. */
static int grow(struct usm_instance *instance, u32 frames, u32 *left)
{
	struct growth *growth;
	u32 i;
	int err;

	growth = kzalloc(sizeof(*growth), GFP_KERNEL_ACCOUNT);
	if (!growth)
		return -ENOMEM;
	growth->wanted = frames;
	growth->whole = instance->runs;
	plan_back(instance, growth);
	err = plan_fresh(growth, left);
	if (err)
		goto out;
	for (i = 0; i < growth->back.nr; i++)
		usm_frames_stay(instance, growth->back.at[i].first,
				growth->back.at[i].frames);

	/* Nobody else changes the runs, and the fresh ones are reserved. */
	mutex_unlock(&usm_instances_lock);
	usm_partition_scrub(&growth->fresh);
	mutex_lock(&usm_instances_lock);
	set_runs(instance, &instance->runs, &growth->whole);
	spin_lock(&instance->lock);
	WRITE_ONCE(instance->joined, instance->joined + 1);
	spin_unlock(&instance->lock);
	usm_partition_assign(instance, &growth->fresh);
	announce(instance);
	usm_slots_ask_again(instance);
out:
	kfree(growth);
	return err;
}

/* ---- the commands ----------------------------------------------------------------- */

/* The instances' mutex is held. */
static int begin(struct usm_instance *instance)
{
	if (!instance->state || instance->state == USM_INSTANCE_DYING)
		return -ENODEV;
	if (instance->resizing)
		return -EBUSY;
	instance->resizing = true;
	return 0;
}

int usm_instance_resize(struct usm_instance *instance, struct file *file,
			struct usm_resize *resize)
{
	int err;

	if (!may_resize(instance, file))
		return -EPERM;
	if (resize->flags || resize->reserved[0] || resize->reserved[1] ||
	    resize->frames == 0)
		return -EINVAL;

	resize->moved = 0;
	resize->left = 0;
	mutex_lock(&usm_instances_lock);
	err = begin(instance);
	if (err)
		goto out;
	/* The pool is everybody's: no daemon helps itself to more of it. */
	if (resize->frames > instance->runs.frames && !capable(CAP_SYS_ADMIN))
		err = -EPERM;
	else if (resize->frames > instance->runs.frames)
		err = grow(instance, resize->frames, &resize->left);
	else
		resize->moved = shrink(instance, resize->frames);
	instance->resizing = false;
out:
	mutex_unlock(&usm_instances_lock);
	resize->owned = owned(instance);
	if (!err || err == -ENOSPC)
		pr_info_ratelimited(
			"instance %u \"%s\": to have %u frames, has %u (%d)\n",
			instance->id, instance->name, resize->frames,
			resize->owned, err);
	/* It may have been destroyed meanwhile. */
	if (READ_ONCE(instance->state) == USM_INSTANCE_DYING)
		usm_instance_maybe_end(instance);
	return err;
}

int usm_instance_extents(struct usm_instance *instance, struct file *file,
			 struct usm_extents *extents)
{
	if (!may_resize(instance, file))
		return -EPERM;
	if (extents->flags || extents->reserved[0] || extents->reserved[1])
		return -EINVAL;
	spin_lock(&instance->lock);
	extents->frames = instance->runs.frames;
	extents->nr_extents = instance->runs.nr;
	memcpy(extents->extents, instance->runs.at, sizeof(extents->extents));
	spin_unlock(&instance->lock);
	return 0;
}
