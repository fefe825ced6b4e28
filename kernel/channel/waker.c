// SPDX-License-Identifier: GPL-2.0
/*
 * The waker: a thread of the manager that wakes the workers of all instances.
 * It sleeps in the kernel while nothing rings, so there is no heartbeat to
 * keep up when idle: that it fetches a notification in time is its heartbeat.
 */
#include <linux/bitmap.h>
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/wait.h>

#include "channel/doorbell.h"
#include "instance/instance.h"
#include "tags/tags.h"

#define RUNG_BITS (64 * (USM_INSTANCES_MAX / 64 + 1))

static struct {
	struct file *file; /* under usm_instances_lock */
	struct mm_struct *mm; /* registered as a daemon's */
	struct pid *pid;
	bool overdue;
	DECLARE_BITMAP(rung, RUNG_BITS);
	wait_queue_head_t wait;
} waker = {
	.wait = __WAIT_QUEUE_HEAD_INITIALIZER(waker.wait),
};

int usm_waker_register(struct file *file)
{
	int err;

	mutex_lock(&usm_instances_lock);
	err = waker.file ? -EBUSY : usm_daemon_register(current->mm);
	if (!err) {
		waker.mm = current->mm;
		waker.pid = get_pid(task_tgid(current));
		bitmap_zero(waker.rung, RUNG_BITS);
		WRITE_ONCE(waker.overdue, false);
		WRITE_ONCE(waker.file, file);
	}
	mutex_unlock(&usm_instances_lock);
	return err;
}

/* The instances' mutex is held. */
static void unregister(void)
{
	WRITE_ONCE(waker.file, NULL);
	wake_up_interruptible(&waker.wait);
	usm_daemon_unregister(waker.mm);
	waker.mm = NULL;
	put_pid(waker.pid);
	waker.pid = NULL;
}

void usm_waker_unregister(struct file *file)
{
	mutex_lock(&usm_instances_lock);
	if (waker.file == file)
		unregister();
	mutex_unlock(&usm_instances_lock);
}

void usm_waker_check(void)
{
	mutex_lock(&usm_instances_lock);
	if (waker.file && usm_daemon_gone(waker.pid))
		unregister();
	mutex_unlock(&usm_instances_lock);
}

int usm_waker_wait(struct file *file, struct usm_waker_wait *wait)
{
	long timeout = wait->timeout_ms < 0
			       ? MAX_SCHEDULE_TIMEOUT
			       : msecs_to_jiffies(wait->timeout_ms);
	unsigned long *rung = (unsigned long *)wait->rung;
	long left;
	u32 i;

	if (READ_ONCE(waker.file) != file)
		return -EPERM;
	if (wait->flags || wait->timeout_ms < -1)
		return -EINVAL;

	WRITE_ONCE(waker.overdue, false);
	left = wait_event_interruptible_timeout(
		waker.wait,
		!bitmap_empty(waker.rung, RUNG_BITS) ||
			READ_ONCE(waker.file) != file,
		timeout);
	/* Another waker took its place: the bits are that one's. */
	if (READ_ONCE(waker.file) != file)
		return -EPERM;
	if (left < 0)
		return -EINTR;
	for (i = 0; i < BITS_TO_LONGS(RUNG_BITS); i++)
		rung[i] =
			READ_ONCE(waker.rung[i]) ? xchg(&waker.rung[i], 0) : 0;
	return 0;
}

bool usm_waker_fresh(void)
{
	return READ_ONCE(waker.file) && !READ_ONCE(waker.overdue);
}

bool usm_waker_notify(struct usm_instance *instance)
{
	if (!usm_waker_fresh())
		return false;
	set_bit(instance->id, waker.rung);
	smp_mb__after_atomic();
	wake_up_interruptible(&waker.wait);
	atomic64_inc(&instance->waker_notified);
	return true;
}

void usm_waker_overdue(struct usm_instance *instance)
{
	bool fresh = usm_waker_fresh();

	if (!test_bit(instance->id, waker.rung))
		return;
	WRITE_ONCE(waker.overdue, true);
	/*
	 * It may have come in between and be asleep again; then nobody would
	 * notify it, and it would never get to say that it is back.
	 */
	smp_mb();
	if (!test_bit(instance->id, waker.rung)) {
		WRITE_ONCE(waker.overdue, false);
		return;
	}
	if (fresh)
		pr_info("the waker does not answer: the kernel wakes workers itself\n");
}
