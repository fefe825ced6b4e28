// SPDX-License-Identifier: GPL-2.0
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "channel/channel.h"
#include "channel/doorbell.h"
#include "faults/loss.h"
#include "instance/instance.h"
#include "instance/watchdog.h"

int usm_worker_register(struct usm_instance *instance, u32 worker)
{
	struct usm_channel_mem *channel;
	bool first = false;
	int err = 0;

	if (worker >= USM_WORKERS_MAX)
		return -EINVAL;

	mutex_lock(&usm_instances_lock);
	channel = instance->channel;
	if (!channel || task_tgid(current) != instance->daemon) {
		err = -EPERM;
		goto out;
	}
	spin_lock(&instance->lock);
	first = instance->nr_workers == 0;
	if (worker > instance->nr_workers) {
		err = -EINVAL;
	} else {
		if (worker < instance->nr_workers)
			put_task_struct(instance->workers[worker]);
		else
			WRITE_ONCE(instance->nr_workers, worker + 1);
		/* From now on it can be asked, and is expected to answer. */
		if (first)
			usm_instance_turn(instance);
		instance->workers[worker] = get_task_struct(current);
		WRITE_ONCE(channel->header->nr_workers, instance->nr_workers);
	}
	spin_unlock(&instance->lock);
	if (first && !err) {
		usm_watchdog_started(instance);
		usm_loss_settle_all(instance);
	}
out:
	mutex_unlock(&usm_instances_lock);
	return err;
}

void usm_workers_forget(struct usm_instance *instance)
{
	u32 i;

	lockdep_assert_held(&instance->lock);
	for (i = 0; i < instance->nr_workers; i++) {
		put_task_struct(instance->workers[i]);
		instance->workers[i] = NULL;
	}
	WRITE_ONCE(instance->nr_workers, 0);
}

/* The caller holds instance->lock. */
static struct task_struct *worker_of(struct usm_instance *instance, u32 slot,
				     u32 *doorbell)
{
	if (instance->nr_workers == 0)
		return NULL;
	*doorbell = slot % instance->nr_workers;
	return instance->workers[*doorbell];
}

bool usm_worker_running(struct usm_instance *instance, u32 slot)
{
	struct task_struct *worker;
	bool running = false;
	u32 doorbell;

	spin_lock(&instance->lock);
	worker = worker_of(instance, slot, &doorbell);
	if (worker)
		running = READ_ONCE(worker->on_cpu) &&
			  task_cpu(worker) != raw_smp_processor_id();
	spin_unlock(&instance->lock);
	return running;
}

bool usm_worker_look(struct usm_instance *instance, u32 index,
		     struct usm_worker_view *view)
{
	struct usm_doorbell *bell;
	struct task_struct *worker;
	bool there;
	u32 i;

	spin_lock(&instance->lock);
	there = instance->channel && index < instance->nr_workers;
	if (there) {
		bell = &instance->channel->header->doorbell[index];
		worker = instance->workers[index];
		view->tid = task_pid_nr(worker);
		strscpy(view->comm, worker->comm, sizeof(view->comm));
		view->task_state = task_state_to_char(worker);
		view->on_cpu = READ_ONCE(worker->on_cpu);
		view->cpu = task_cpu(worker);
		view->bell_state = READ_ONCE(bell->state);
		view->seq = READ_ONCE(bell->seq);
		for (i = 0; i < USM_WAKE_SOURCES; i++)
			view->wakes[i] = READ_ONCE(bell->wakes[i]);
	}
	spin_unlock(&instance->lock);
	return there;
}

void usm_doorbell_wake(struct usm_instance *instance, u32 slot)
{
	struct usm_doorbell *bell;
	struct task_struct *worker;
	u32 index;

	spin_lock(&instance->lock);
	worker = worker_of(instance, slot, &index);
	if (worker) {
		bell = &instance->channel->header->doorbell[index];
		/*
		 * A futex sleeper takes any wake-up for a spurious one, looks
		 * at the word again, finds it changed and returns.  Between
		 * its own look and its going to sleep it misses us; callers
		 * ring again after a while.
		 */
		atomic_inc((atomic_t *)&bell->seq);
		smp_mb__after_atomic();
		if (wake_up_process(worker)) {
			WRITE_ONCE(bell->rung_by, USM_WAKE_KERNEL);
			WRITE_ONCE(
				bell->wakes[USM_WAKE_KERNEL],
				atomic64_inc_return(&instance->wakes_kernel));
		}
	}
	spin_unlock(&instance->lock);
}

void usm_doorbell_ring(struct usm_instance *instance,
		       struct usm_channel_mem *channel, u32 slot)
{
	u32 nr_workers = READ_ONCE(instance->nr_workers);
	struct usm_doorbell *bell;

	if (nr_workers == 0)
		return;
	bell = &channel->header->doorbell[slot % nr_workers];
	if (READ_ONCE(bell->state) == USM_WORKER_RUNNING)
		return;
	if (usm_waker_notify(instance))
		return;
	usm_doorbell_wake(instance, slot);
}

void usm_doorbell_ring_member(struct usm_instance *instance, u32 member)
{
	struct usm_channel_mem *channel;

	spin_lock(&instance->lock);
	channel = instance->channel;
	if (channel)
		usm_channel_get(channel);
	spin_unlock(&instance->lock);
	if (!channel)
		return;
	/* Any worker may look at the notices; this spreads them. */
	usm_doorbell_ring(instance, channel, member);
	usm_channel_put(channel);
}
