// SPDX-License-Identifier: GPL-2.0
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "channel/doorbell.h"
#include "channel/slots.h"
#include "faults/loss.h"
#include "faults/wait.h"
#include "instance/instance.h"

/* The caller holds the address space's lock: all the time the policy gets. */
#define NO_RETRY_WAIT_MS 2
/* The kernel rings again this many times between half and whole deadline. */
#define RINGS_PER_DEADLINE 10
/*
 * From attaching to the first worker a daemon reads the state of its frames
 * and members: seconds for a large partition on a busy machine.
 */
#define START_LIMIT_MS 10000

/*
 * How the fault's caller wants to be woken.  An ordinary signal is of use only
 * on the way back to user mode; elsewhere the fault would be retried at once,
 * with the signal still pending, round and round.
 */
static unsigned int sleep_state(unsigned int flags)
{
	if (flags & FAULT_FLAG_INTERRUPTIBLE && flags & FAULT_FLAG_USER)
		return TASK_INTERRUPTIBLE;
	if (flags & FAULT_FLAG_KILLABLE)
		return TASK_KILLABLE;
	return TASK_UNINTERRUPTIBLE;
}

struct wait {
	struct usm_instance *instance;
	struct usm_kslot *slot;
	unsigned int state;
	u32 turn; /* of the instance's daemon when we last looked at it */
};

enum woken {
	WOKEN_SETTLED,
	WOKEN_LATE, /* it is time */
	WOKEN_TURNED, /* the daemon came or went */
	WOKEN_SIGNAL,
};

/* @until: jiffies, or NULL for as long as it takes. */
static enum woken sleep_until(struct wait *wait, const unsigned long *until)
{
	struct usm_kslot *slot = wait->slot;
	enum woken woken;
	DEFINE_WAIT(entry);

	for (;;) {
		long left =
			until ? (long)(*until - jiffies) : MAX_SCHEDULE_TIMEOUT;

		prepare_to_wait(&slot->wait, &entry, wait->state);
		woken = WOKEN_SETTLED;
		if (!usm_slot_pending(slot))
			break;
		woken = WOKEN_TURNED;
		if (READ_ONCE(wait->instance->turn) != wait->turn)
			break;
		woken = WOKEN_LATE;
		if (left <= 0)
			break;
		woken = WOKEN_SIGNAL;
		if (signal_pending_state(wait->state, current))
			break;
		schedule_timeout(left);
	}
	finish_wait(&slot->wait, &entry);
	return woken;
}

/*
 * One deadline from @start.  The first half belongs to the worker and the
 * waker; in the second the kernel wakes the worker itself.
 */
static enum woken await_answer(struct wait *wait, unsigned long start)
{
	struct usm_instance *instance = wait->instance;
	unsigned long deadline =
		max(msecs_to_jiffies(READ_ONCE(instance->deadline_ms)), 2UL);
	unsigned long step = max(deadline / RINGS_PER_DEADLINE, 1UL);
	unsigned long ring;
	enum woken woken;

	/* An evicted page waits for one deadline after the other. */
	if (usm_slot_kind(wait->slot) == USM_FAULT_SWAPIN &&
	    time_after(jiffies, start + deadline))
		start = jiffies - (jiffies - start) % deadline;
	ring = start + deadline / 2;
	woken = sleep_until(wait, &ring);
	if (woken != WOKEN_LATE)
		return woken;
	usm_waker_overdue(instance);
	while (time_before(ring, start + deadline)) {
		usm_doorbell_wake(instance, wait->slot->index);
		ring += step;
		woken = sleep_until(wait, &ring);
		if (woken != WOKEN_LATE)
			return woken;
	}
	atomic64_inc(&instance->late);
	usm_watchdog_missed(instance, start);
	return WOKEN_LATE;
}

/* Until one is attached and has a worker. */
static enum woken await_daemon(struct wait *wait, enum usm_daemon daemon)
{
	struct usm_instance *instance = wait->instance;
	unsigned long limit;
	enum woken woken;

	/* Who could not even be killed does not wait for what may never come. */
	if (wait->state == TASK_UNINTERRUPTIBLE &&
	    usm_slot_kind(wait->slot) != USM_FAULT_SWAPIN) {
		limit = READ_ONCE(wait->slot->posted) +
			msecs_to_jiffies(READ_ONCE(instance->deadline_ms));
		woken = sleep_until(wait, &limit);
		if (woken == WOKEN_LATE)
			usm_slot_give_up(wait->slot, USM_FALLBACK_CONTEXT);
		return woken;
	}
	if (daemon != USM_DAEMON_STARTS)
		return sleep_until(wait, NULL);
	limit = READ_ONCE(instance->turned) + msecs_to_jiffies(START_LIMIT_MS);
	woken = sleep_until(wait, &limit);
	if (woken == WOKEN_LATE)
		usm_watchdog_never_started(instance);
	return woken;
}

static unsigned long later(unsigned long a, unsigned long b)
{
	return time_after(a, b) ? a : b;
}

/* Has it had its time?  An evicted page has all the time in the world. */
static void end_late(struct wait *wait)
{
	if (usm_slot_kind(wait->slot) == USM_FAULT_SWAPIN) {
		pr_notice_ratelimited(
			"instance %u \"%s\": an evicted page of pid %d waits beyond the deadline\n",
			wait->instance->id, wait->instance->name,
			task_tgid_nr(current));
		return;
	}
	usm_slot_give_up(wait->slot, USM_FALLBACK_LATE);
	usm_slot_show_idle(wait->slot);
}

void usm_wait_for_policy(struct usm_instance *instance, struct usm_kslot *slot,
			 unsigned int flags)
{
	struct wait wait = {
		.instance = instance,
		.slot = slot,
		.state = sleep_state(flags),
	};
	/* From when it was asked, however often a signal interrupted since. */
	unsigned long start = READ_ONCE(slot->posted);
	enum woken woken = WOKEN_TURNED;

	/*
	 * Its robust futexes, say: nobody can kill it any more, and nobody
	 * needs what it would read.
	 */
	if (current->flags & PF_EXITING) {
		usm_wait_briefly(slot);
		return;
	}
	while (usm_slot_pending(slot) && woken != WOKEN_SIGNAL) {
		enum usm_daemon daemon;

		wait.turn = smp_load_acquire(&instance->turn);
		daemon = usm_loss_daemon(instance);
		/* Who waits already is not sent away by a quarantine. */
		if (daemon == USM_DAEMON_STUCK &&
		    READ_ONCE(instance->nr_workers) > 0)
			daemon = USM_DAEMON_SERVES;

		switch (usm_loss_decide(READ_ONCE(instance->on_loss),
					usm_slot_kind(slot), daemon)) {
		case USM_LOSS_ASK:
			if (woken == WOKEN_TURNED)
				start = later(READ_ONCE(slot->posted),
					      READ_ONCE(instance->turned));
			woken = await_answer(&wait, start);
			if (woken == WOKEN_LATE) {
				start = jiffies;
				end_late(&wait);
			}
			break;
		case USM_LOSS_WAIT:
			woken = await_daemon(&wait, daemon);
			break;
		case USM_LOSS_KERNEL:
		case USM_LOSS_SIGBUS:
			usm_loss_settle(slot);
			break;
		}
	}
}

void usm_wait_briefly(struct usm_kslot *slot)
{
	struct wait wait = {
		.instance = slot->instance,
		.slot = slot,
		.state = TASK_UNINTERRUPTIBLE,
		.turn = READ_ONCE(slot->instance->turn),
	};
	unsigned long until = jiffies + msecs_to_jiffies(NO_RETRY_WAIT_MS);

	if (usm_slot_kind(slot) == USM_FAULT_SWAPIN) {
		/* Nobody else has the data: a debugger would read an error. */
		await_answer(&wait, READ_ONCE(slot->posted));
		usm_slot_fail(slot);
	} else {
		sleep_until(&wait, &until);
		usm_slot_give_up(slot, USM_FALLBACK_CONTEXT);
	}
}
