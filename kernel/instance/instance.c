// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "channel/slots.h"
#include "frames/frames.h"
#include "frames/home.h"
#include "grants/magazine.h"
#include "instance/instance.h"
#include "pool/pool.h"
#include "stats/debugfs.h"
#include "tags/tags.h"
#include "usm_module.h"

DEFINE_MUTEX(usm_instances_lock);

/* Index 0 stays empty: id 0 means "no instance". */
static struct usm_instance *instances[USM_INSTANCES_MAX + 1];
static u32 nr_instances;

void usm_instance_get(struct usm_instance *instance)
{
	kref_get(&instance->ref);
}

static void free_instance(struct work_struct *work)
{
	struct usm_instance *instance =
		container_of(work, struct usm_instance, free_work);

	cancel_delayed_work_sync(&instance->home_work);
	cancel_delayed_work_sync(&instance->leave_work);
	usm_slots_free(instance);
	kfree(instance);
	module_put(THIS_MODULE);
}

/* From a work item, because the last reference may go in atomic context. */
static void release_instance(struct kref *ref)
{
	struct usm_instance *instance =
		container_of(ref, struct usm_instance, ref);

	queue_work(usm_wq, &instance->free_work);
}

void usm_instance_put(struct usm_instance *instance)
{
	if (instance)
		kref_put(&instance->ref, release_instance);
}

struct usm_instance *usm_instance_new(const char *name)
{
	struct usm_instance *instance;

	if (!try_module_get(THIS_MODULE))
		return NULL;
	instance = kzalloc(sizeof(*instance), GFP_KERNEL_ACCOUNT);
	if (!instance) {
		module_put(THIS_MODULE);
		return NULL;
	}

	strscpy(instance->name, name, sizeof(instance->name));
	instance->created_ns = ktime_get_boottime_ns();
	kref_init(&instance->ref);
	INIT_WORK(&instance->free_work, free_instance);
	init_rwsem(&instance->slice_sem);
	spin_lock_init(&instance->lock);
	instance->home_first = USM_FRAME_NONE;
	usm_magazine_init(&instance->shared);
	init_waitqueue_head(&instance->home_wait);
	INIT_LIST_HEAD(&instance->members);
	INIT_KFIFO(instance->events);
	init_waitqueue_head(&instance->event_wait);
	init_waitqueue_head(&instance->stored_wait);
	usm_home_init(instance);
	usm_leave_init(instance);
	usm_watchdog_init(instance);
	return instance;
}

int usm_instance_publish(struct usm_instance *instance)
{
	u32 id;

	lockdep_assert_held(&usm_instances_lock);
	for (id = 1; id <= USM_INSTANCES_MAX; id++) {
		if (instances[id])
			continue;
		usm_instance_get(instance);
		instance->id = id;
		instances[id] = instance;
		nr_instances++;
		usm_debugfs_add(instance);
		return 0;
	}
	return -ENOSPC;
}

void usm_instance_maybe_end(struct usm_instance *instance)
{
	bool end;

	mutex_lock(&usm_instances_lock);
	spin_lock(&instance->lock);
	end = instance->state == USM_INSTANCE_DYING && !instance->resizing &&
	      instance->nr_members == 0 && usm_frames_out(instance) == 0 &&
	      instances[instance->id] == instance;
	spin_unlock(&instance->lock);
	if (end) {
		usm_debugfs_remove(instance);
		usm_partition_give_back(instance);
		instances[instance->id] = NULL;
		nr_instances--;
	}
	mutex_unlock(&usm_instances_lock);

	if (end) {
		usm_tags_purge(instance);
		usm_instance_put(instance);
	}
}

struct usm_instance *usm_instance_by_id(u32 id)
{
	struct usm_instance *instance = NULL;

	if (id == 0 || id > USM_INSTANCES_MAX)
		return NULL;
	mutex_lock(&usm_instances_lock);
	instance = instances[id];
	if (instance && instance->state)
		usm_instance_get(instance);
	else
		instance = NULL;
	mutex_unlock(&usm_instances_lock);
	return instance;
}

struct usm_instance *usm_instance_named(const char *name)
{
	u32 id;

	lockdep_assert_held(&usm_instances_lock);
	for (id = 1; id <= USM_INSTANCES_MAX; id++) {
		if (instances[id] &&
		    instances[id]->state != USM_INSTANCE_DYING &&
		    !strcmp(instances[id]->name, name))
			return instances[id];
	}
	return NULL;
}

struct usm_instance *usm_instance_next(u32 first)
{
	struct usm_instance *found = NULL;
	u32 id;

	mutex_lock(&usm_instances_lock);
	for (id = max(first, 1u); id <= USM_INSTANCES_MAX; id++) {
		if (!instances[id] || !instances[id]->state)
			continue;
		found = instances[id];
		usm_instance_get(found);
		break;
	}
	mutex_unlock(&usm_instances_lock);
	return found;
}

struct usm_instance *usm_instance_of_caller(void)
{
	struct usm_instance *found = NULL;
	u32 id;

	mutex_lock(&usm_instances_lock);
	for (id = 1; id <= USM_INSTANCES_MAX; id++) {
		if (!instances[id] || !usm_instance_attached(instances[id]) ||
		    instances[id]->daemon != task_tgid(current))
			continue;
		found = instances[id];
		usm_instance_get(found);
		break;
	}
	mutex_unlock(&usm_instances_lock);
	return found;
}

u32 usm_instances_count(void)
{
	return READ_ONCE(nr_instances);
}
