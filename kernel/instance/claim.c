// SPDX-License-Identifier: GPL-2.0
/*
 * The life of an instance's attachment: claimed or taken over by a daemon,
 * lost when the daemon goes, destroyed at the end.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/user_namespace.h>

#include "channel/channel.h"
#include "channel/doorbell.h"
#include "channel/slots.h"
#include "device/device.h"
#include "faults/loss.h"
#include "frames/frames.h"
#include "frames/home.h"
#include "grants/grants.h"
#include "grants/notices.h"
#include "instance/instance.h"
#include "pool/pool.h"
#include "tags/cgroup.h"
#include "tags/tags.h"
#include "usm_module.h"

static bool name_ok(const char *name)
{
	size_t length = strnlen(name, USM_NAME_SIZE);
	size_t i;

	if (length == 0 || length > USM_NAME_MAX)
		return false;
	for (i = 0; i < length; i++)
		if (!(name[i] >= 'a' && name[i] <= 'z') &&
		    !(name[i] >= '0' && name[i] <= '9') && name[i] != '-')
			return false;
	return true;
}

static int check(struct usm_claim *claim)
{
	bool attach = claim->flags & USM_CLAIM_ATTACH;

	if (claim->abi != USM_ABI_VERSION)
		return -EPROTO;
	if (claim->flags & ~(USM_CLAIM_PERSIST | USM_CLAIM_ATTACH) ||
	    claim->on_loss > USM_ON_LOSS_FAIL || claim->reserved0 ||
	    claim->reserved1 || claim->reserved[0] || claim->reserved[1] ||
	    claim->reserved[2] || claim->reserved[3])
		return -EINVAL;
	if (!name_ok(claim->name))
		return -EINVAL;
	if (claim->frames == 0 && !attach)
		return -EINVAL;

	claim->nr_slots = claim->nr_slots ?: USM_SLOTS_DEFAULT;
	if (claim->nr_slots < USM_SLOTS_MIN ||
	    claim->nr_slots > USM_SLOTS_MAX || claim->nr_slots % 64)
		return -EINVAL;
	claim->deadline_ms = claim->deadline_ms ?: USM_DEADLINE_MS_DEFAULT;
	if (claim->deadline_ms < USM_DEADLINE_MS_MIN ||
	    claim->deadline_ms > USM_DEADLINE_MS_MAX)
		return -EINVAL;
	return 0;
}

/* Make @file the instance's daemon. The instances' mutex is held. */
static int attach(struct usm_instance *instance, struct file *file,
		  struct usm_claim *claim)
{
	struct usm_channel_mem *channel;
	int err;

	channel = usm_channel_new(instance->nr_slots);
	if (IS_ERR(channel))
		return PTR_ERR(channel);
	err = usm_daemon_register(current->mm);
	if (err) {
		usm_channel_put(channel);
		return err;
	}

	/* The new daemon knows nothing of grants; unused ones are FREE to it. */
	usm_grants_release_all(instance);
	usm_frames_forget_home(instance);
	instance->flags = claim->flags & USM_CLAIM_PERSIST;
	instance->deadline_ms = claim->deadline_ms;
	WRITE_ONCE(instance->on_loss, claim->on_loss);
	instance->owner = make_kuid(current_user_ns(), claim->owner_uid);
	instance->daemon_mm = current->mm;
	spin_lock(&instance->lock);
	instance->attach_gen++;
	channel->attach_gen = instance->attach_gen;
	instance->owner_file = file;
	instance->daemon = get_pid(task_tgid(current));
	instance->home_open = false;
	instance->events_open = false;
	kfifo_reset(&instance->events);
	instance->events_lost = false;
	WRITE_ONCE(instance->channel, channel);
	usm_notices_reset(instance);
	WRITE_ONCE(instance->state, USM_INSTANCE_ATTACHED);
	usm_watchdog_reset(instance);
	usm_instance_turn(instance);
	spin_unlock(&instance->lock);
	/* What its predecessor did not answer; it may look as soon as it can. */
	usm_slots_repost(instance);
	return 0;
}

static int take_over(struct usm_instance *instance, struct file *file,
		     struct usm_claim *claim)
{
	int err;

	if (instance->state != USM_INSTANCE_LOST)
		return claim->flags & USM_CLAIM_ATTACH ? -EBUSY : -EEXIST;
	if (claim->frames && claim->frames != instance->runs.frames) {
		claim->frames = instance->runs.frames;
		return -EUCLEAN;
	}
	err = attach(instance, file, claim);
	if (err)
		return err;
	usm_instance_get(instance);
	claim->reattached = 1;
	return 0;
}

static int make(struct file *file, struct usm_claim *claim,
		struct usm_instance **out)
{
	struct usm_instance *instance;
	u32 left = 0;
	int err;

	instance = usm_instance_new(claim->name);
	if (!instance)
		return -ENOMEM;
	err = usm_slots_new(instance, claim->nr_slots);
	if (err)
		goto err_instance;
	err = usm_partition_carve(&instance->runs, claim->frames, &left);
	if (err) {
		claim->frames = left;
		goto err_instance;
	}
	err = usm_instance_publish(instance);
	if (err)
		goto err_partition;
	/*
	 * Scrubbing takes seconds for a large partition.  Meanwhile the name
	 * is taken, and without a state nobody can find the instance.
	 */
	usm_pool.starting += instance->runs.frames;
	mutex_unlock(&usm_instances_lock);
	usm_partition_scrub(&instance->runs);
	usm_partition_assign(instance, &instance->runs);
	mutex_lock(&usm_instances_lock);
	usm_pool.starting -= instance->runs.frames;
	err = attach(instance, file, claim);
	if (err)
		goto err_published;
	*out = instance;
	return 0;

err_published:
	WRITE_ONCE(instance->state, USM_INSTANCE_DYING);
	mutex_unlock(&usm_instances_lock);
	usm_instance_maybe_end(instance);
	mutex_lock(&usm_instances_lock);
	goto err_instance;
err_partition:
	usm_partition_uncarve(&instance->runs);
err_instance:
	usm_instance_put(instance);
	return err;
}

int usm_instance_claim(struct file *file, struct usm_claim *claim,
		       struct usm_instance **out)
{
	struct usm_instance *instance;
	u32 asked = claim->frames;
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	err = check(claim);
	if (err)
		return err;

	mutex_lock(&usm_instances_lock);
	instance = usm_instance_named(claim->name);
	if (instance)
		err = take_over(instance, file, claim);
	else if (claim->flags & USM_CLAIM_ATTACH)
		err = -ENOENT;
	else
		err = make(file, claim, &instance);
	if (!err) {
		claim->instance = instance->id;
		claim->frames = instance->runs.frames;
		claim->nr_slots = instance->nr_slots;
		claim->nr_extents = instance->runs.nr;
		memcpy(claim->extents, instance->runs.at,
		       sizeof(claim->extents));
		claim->base_pfn = usm_pool.base_pfn;
		claim->channel_bytes = usm_channel_bytes(instance->nr_slots);
		*out = instance;
	}
	mutex_unlock(&usm_instances_lock);

	if (err)
		pr_info("claim of \"%.*s\", %u frames, refused (%d)\n",
			USM_NAME_MAX, claim->name, asked, err);
	else
		pr_info("instance %u \"%s\": %u frames in %u runs, %s\n",
			instance->id, instance->name, claim->frames,
			claim->nr_extents,
			claim->reattached ? "taken over" : "claimed");
	return err;
}

/* The instances' mutex is held; the caller drops the channel afterwards. */
static struct usm_channel_mem *leave(struct usm_instance *instance, u32 state)
{
	struct usm_channel_mem *channel;

	/* After this no fault in the slice sees the right to its frames… */
	down_write(&instance->slice_sem);
	spin_lock(&instance->lock);
	channel = instance->channel;
	WRITE_ONCE(channel->header->closed, 1);
	WRITE_ONCE(instance->channel, NULL);
	instance->owner_file = NULL;
	WRITE_ONCE(instance->state, state);
	usm_workers_forget(instance);
	usm_watchdog_reset(instance);
	usm_instance_turn(instance);
	put_pid(instance->daemon);
	instance->daemon = NULL;
	spin_unlock(&instance->lock);
	up_write(&instance->slice_sem);
	/* Who waits for it first: revoking takes a while for a large slice. */
	usm_loss_settle_all(instance);
	/* …and after this none is left that an earlier one put there. */
	usm_slice_revoke(&instance->runs);
	usm_slice_revoke(&instance->leaving);

	usm_daemon_unregister(instance->daemon_mm);
	instance->daemon_mm = NULL;
	wake_up_interruptible(&instance->home_wait);
	wake_up_interruptible(&instance->event_wait);
	return channel;
}

/* Members of an instance at its end live on without it. */
static void unbind_all(struct usm_instance *instance)
{
	struct usm_tag *tag;

	for (;;) {
		spin_lock(&instance->lock);
		tag = list_first_entry_or_null(&instance->members,
					       struct usm_tag, member_link);
		if (tag)
			usm_tag_get(tag);
		spin_unlock(&instance->lock);
		if (!tag)
			return;
		usm_tag_stop(tag);
		usm_tag_put(tag);
	}
}

/* On the way to its end: what is left comes home by and by. */
static void dissolve(struct usm_instance *instance)
{
	usm_cgroups_forget(instance);
	unbind_all(instance);
	usm_grants_release_all(instance);
	usm_slots_withdraw(instance, 0);
	usm_home_scan(instance);
	usm_home_hint(instance);
	usm_instance_maybe_end(instance);
}

/* The instances' mutex is held; finish_detach() comes after it. */
static struct usm_channel_mem *detach(struct usm_instance *instance)
{
	pr_info("instance %u \"%s\": its daemon is gone\n", instance->id,
		instance->name);
	return leave(instance, instance->flags & USM_CLAIM_PERSIST ||
					       atomic_read(&instance->evicted)
				       ? USM_INSTANCE_LOST
				       : USM_INSTANCE_DYING);
}

static void finish_detach(struct usm_instance *instance,
			  struct usm_channel_mem *channel)
{
	if (!channel)
		return;
	usm_channel_put(channel);
	usm_home_hint(instance);
	if (READ_ONCE(instance->state) == USM_INSTANCE_DYING)
		dissolve(instance);
}

void usm_instance_detach(struct usm_instance *instance, struct file *file)
{
	struct usm_channel_mem *channel = NULL;

	mutex_lock(&usm_instances_lock);
	if (instance->owner_file == file)
		channel = detach(instance);
	mutex_unlock(&usm_instances_lock);
	finish_detach(instance, channel);
}

/* It waits for no daemon any more. The instances' mutex is held. */
static void end_lost(struct usm_instance *instance)
{
	spin_lock(&instance->lock);
	WRITE_ONCE(instance->state, USM_INSTANCE_DYING);
	usm_instance_turn(instance);
	spin_unlock(&instance->lock);
	usm_loss_settle_all(instance);
}

/*
 * Without its daemon it would have dissolved, but for the evicted pages that
 * only another daemon can bring back; now nobody wants them any more.
 */
static bool outlived(const struct usm_instance *instance)
{
	return instance->state == USM_INSTANCE_LOST &&
	       !(instance->flags & USM_CLAIM_PERSIST) &&
	       atomic_read(&instance->evicted) == 0;
}

static void check_daemons(struct work_struct *work)
{
	struct usm_channel_mem *channel;
	struct usm_instance *instance;
	bool end;
	u32 id = 0;

	usm_waker_check();
	while ((instance = usm_instance_next(id + 1)) != NULL) {
		id = instance->id;
		mutex_lock(&usm_instances_lock);
		channel = instance->daemon && usm_daemon_gone(instance->daemon)
				  ? detach(instance)
				  : NULL;
		end = !channel && outlived(instance);
		if (end)
			end_lost(instance);
		mutex_unlock(&usm_instances_lock);
		finish_detach(instance, channel);
		if (end)
			dissolve(instance);
		usm_instance_put(instance);
	}
}

static DECLARE_WORK(check_daemons_work, check_daemons);

void usm_instances_check_daemons(void)
{
	queue_work(usm_wq, &check_daemons_work);
}

int usm_instance_destroy(struct usm_instance *instance, struct file *file)
{
	struct usm_channel_mem *channel = NULL;
	int err = 0;

	mutex_lock(&usm_instances_lock);
	if (!capable(CAP_SYS_ADMIN) && instance->owner_file != file)
		err = -EPERM;
	else if (instance->state == USM_INSTANCE_DYING)
		err = -ENODEV;
	else if (atomic_read(&instance->in_exec) > 0 ||
		 READ_ONCE(instance->nr_members) > 0 ||
		 atomic_read(&instance->evicted) > 0 ||
		 (instance->owner_file && instance->owner_file != file))
		err = -EBUSY;
	else if (instance->owner_file)
		channel = leave(instance, USM_INSTANCE_DYING);
	else
		end_lost(instance);
	mutex_unlock(&usm_instances_lock);
	if (err)
		return err;

	usm_channel_put(channel);
	/* A child forked between the check and now is unbound like the rest. */
	dissolve(instance);
	return 0;
}
