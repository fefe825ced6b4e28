// SPDX-License-Identifier: GPL-2.0
#include <linux/sched.h>

#include "channel/slots.h"
#include "faults/loss.h"
#include "instance/instance.h"
#include "instance/watchdog.h"

static enum usm_loss_action decide_fresh(u32 on_loss, enum usm_daemon daemon)
{
	switch (daemon) {
	case USM_DAEMON_SERVES:
		return USM_LOSS_ASK;
	case USM_DAEMON_STARTS:
		/* Attached is not lost: no reason to fail. */
		return on_loss == USM_ON_LOSS_FALLBACK ? USM_LOSS_KERNEL
						       : USM_LOSS_WAIT;
	case USM_DAEMON_LOST:
		if (on_loss == USM_ON_LOSS_QUEUE)
			return USM_LOSS_WAIT;
		return on_loss == USM_ON_LOSS_FAIL ? USM_LOSS_SIGBUS
						   : USM_LOSS_KERNEL;
	case USM_DAEMON_STUCK:
	case USM_DAEMON_NEVER:
		break;
	}
	return USM_LOSS_KERNEL;
}

static enum usm_loss_action decide_evicted(u32 on_loss, enum usm_daemon daemon)
{
	switch (daemon) {
	case USM_DAEMON_SERVES:
	/* Nobody else has the content, and its answer shows that it is back. */
	case USM_DAEMON_STUCK:
		return USM_LOSS_ASK;
	case USM_DAEMON_STARTS:
		return USM_LOSS_WAIT;
	case USM_DAEMON_LOST:
		return on_loss == USM_ON_LOSS_FAIL ? USM_LOSS_SIGBUS
						   : USM_LOSS_WAIT;
	case USM_DAEMON_NEVER:
		break;
	}
	return USM_LOSS_SIGBUS;
}

enum usm_loss_action usm_loss_decide(u32 on_loss, enum usm_fault_kind kind,
				     enum usm_daemon daemon)
{
	return kind == USM_FAULT_SWAPIN ? decide_evicted(on_loss, daemon)
					: decide_fresh(on_loss, daemon);
}

enum usm_daemon usm_loss_daemon(struct usm_instance *instance)
{
	enum usm_daemon daemon;

	spin_lock(&instance->lock);
	if (instance->state == USM_INSTANCE_DYING)
		daemon = USM_DAEMON_NEVER;
	else if (!instance->channel)
		daemon = USM_DAEMON_LOST;
	else if (instance->watchdog.stuck)
		daemon = USM_DAEMON_STUCK;
	else if (instance->nr_workers == 0)
		daemon = USM_DAEMON_STARTS;
	else
		daemon = USM_DAEMON_SERVES;
	spin_unlock(&instance->lock);
	return daemon;
}

enum usm_fallback_reason usm_loss_reason(enum usm_daemon daemon)
{
	return daemon == USM_DAEMON_STUCK ? USM_FALLBACK_QUARANTINED
					  : USM_FALLBACK_NO_DAEMON;
}

enum usm_loss_action usm_loss_action(struct usm_instance *instance,
				     enum usm_fault_kind kind,
				     enum usm_fallback_reason *reason)
{
	enum usm_loss_action action;
	enum usm_daemon daemon;

	/* Without the lock: whoever posts a request looks again afterwards. */
	if (likely(READ_ONCE(instance->channel) &&
		   READ_ONCE(instance->nr_workers) > 0 &&
		   !READ_ONCE(instance->watchdog.stuck)))
		return USM_LOSS_ASK;

	daemon = usm_loss_daemon(instance);
	action = usm_loss_decide(READ_ONCE(instance->on_loss), kind, daemon);
	if (action != USM_LOSS_KERNEL)
		return action;
	if (daemon == USM_DAEMON_STUCK && usm_watchdog_probe(instance))
		return USM_LOSS_ASK;
	*reason = usm_loss_reason(daemon);
	return action;
}

void usm_loss_settle(struct usm_kslot *slot)
{
	struct usm_instance *instance = slot->instance;
	enum usm_daemon daemon = usm_loss_daemon(instance);

	switch (usm_loss_decide(READ_ONCE(instance->on_loss),
				usm_slot_kind(slot), daemon)) {
	case USM_LOSS_KERNEL:
		usm_slot_give_up(slot, usm_loss_reason(daemon));
		break;
	case USM_LOSS_SIGBUS:
		usm_slot_fail(slot);
		break;
	case USM_LOSS_ASK:
	case USM_LOSS_WAIT:
		break;
	}
}

void usm_loss_settle_all(struct usm_instance *instance)
{
	u32 i;

	/* The daemon's state is there for all to see before we look. */
	smp_mb();
	for (i = 0; i < instance->nr_slots; i++) {
		struct usm_kslot *slot = &instance->slots[i];

		if (usm_slot_pending(slot))
			usm_loss_settle(slot);
		/* Those who wait on have to look at the daemon anew. */
		wake_up(&slot->wait);
		cond_resched();
	}
}
