// SPDX-License-Identifier: GPL-2.0
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "evict/places.h"
#include "instance/instance.h"
#include "tags/tags.h"

void usm_instance_describe(struct usm_instance *instance,
			   struct usm_instance_info *info)
{
	u32 i;

	memset(info, 0, sizeof(*info));
	info->instance = instance->id;
	memcpy(info->name, instance->name, sizeof(info->name));

	spin_lock(&instance->lock);
	info->state = instance->state;
	if (info->state == USM_INSTANCE_ATTACHED && instance->watchdog.stuck)
		info->state = USM_INSTANCE_QUARANTINED;
	info->on_loss = instance->on_loss;
	if (instance->daemon)
		info->daemon_pid = pid_nr_ns(instance->daemon,
					     task_active_pid_ns(current));
	info->nr_members = instance->nr_members;
	memcpy(info->frames, instance->frames, sizeof(info->frames));
	info->target = instance->runs.frames;
	spin_unlock(&instance->lock);

	for (i = 0; i < USM_FRAME_STATES; i++)
		info->owned += info->frames[i];
	info->faults = atomic64_read(&instance->faults);
	info->upcalls = atomic64_read(&instance->upcalls);
	info->magazine = atomic64_read(&instance->magazine);
	info->range = atomic64_read(&instance->range);
	info->around = atomic64_read(&instance->around);
	for (i = 0; i < USM_FALLBACK_REASONS; i++)
		info->fallbacks[i] = atomic64_read(&instance->fallbacks[i]);
	info->evicted = atomic_read(&instance->evicted);
	info->evictions = atomic64_read(&instance->evictions);
	info->swapins = atomic64_read(&instance->swapins);
	info->retaken = atomic64_read(&instance->retaken);
	info->late = atomic64_read(&instance->late);
	info->quarantines = atomic64_read(&instance->quarantines);
	info->freed = atomic64_read(&instance->freed);
	info->bad_commands = atomic64_read(&instance->bad_commands);
	info->wakes_kernel = atomic64_read(&instance->wakes_kernel);
	info->waker_notified = atomic64_read(&instance->waker_notified);
	info->created_ns = instance->created_ns;
	for (i = 0; i < USM_LATENCY_BUCKETS; i++)
		info->latency[i] = atomic64_read(&instance->latency[i]);
}

static void describe_member(struct usm_tag *tag, struct usm_member_info *info)
{
	struct task_struct *task;

	memset(info, 0, sizeof(*info));
	info->member = tag->member;
	info->start_time_ns = tag->start_time_ns;
	memcpy(info->comm, tag->comm, sizeof(info->comm));
	rcu_read_lock();
	task = pid_task(tag->pid, PIDTYPE_TGID);
	if (task) {
		info->pid = pid_nr_ns(tag->pid, task_active_pid_ns(current));
		/* It may have renamed itself since it was tagged. */
		strscpy_pad(info->comm, task->comm, sizeof(info->comm));
	}
	rcu_read_unlock();
	info->mapped = atomic_read(&tag->mapped);
	info->inherit = tag->inherit;
	info->faults = atomic64_read(&tag->faults);
	info->upcalls = atomic64_read(&tag->upcalls);
	info->magazine = atomic64_read(&tag->magazine_faults);
	info->range = atomic64_read(&tag->range_faults);
	info->around = atomic64_read(&tag->around);
	info->stocked = tag->magazine.stock;
	info->fallbacks = atomic64_read(&tag->fallbacks);
	info->evictions = atomic64_read(&tag->evictions);
	info->swapins = atomic64_read(&tag->swapins);
	info->evicted = usm_places_count(tag->mm);
}

u32 usm_instance_members(struct usm_instance *instance, u32 after,
			 struct usm_member_info *info, u32 room)
{
	struct usm_tag *tag;
	u32 filled = 0;

	/* The list is in order of binding, so ids ascend. */
	spin_lock(&instance->lock);
	list_for_each_entry(tag, &instance->members, member_link) {
		if (tag->member <= after)
			continue;
		if (filled == room)
			break;
		describe_member(tag, &info[filled++]);
	}
	spin_unlock(&instance->lock);
	return filled;
}
