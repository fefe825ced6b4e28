/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What becomes of a fault when its instance's daemon cannot be asked, or can
 * be asked but does not answer.
 *
 * Whoever wants an answer asks usm_loss_decide() first, posts a request in its
 * slot on ASK and WAIT, and then leaves everything to the wait (wait.h): that
 * asks again whenever the daemon comes, goes, or falls silent.
 */
#ifndef USM_LOSS_H
#define USM_LOSS_H

#include "usm.h"

struct usm_instance;
struct usm_kslot;

/* What an instance's daemon is to a fault, at one moment. */
enum usm_daemon {
	USM_DAEMON_SERVES, /* attached, with a worker */
	USM_DAEMON_STARTS, /* attached, no worker has registered yet */
	USM_DAEMON_STUCK, /* attached and quarantined */
	USM_DAEMON_LOST, /* gone, another may come */
	USM_DAEMON_NEVER, /* gone, none will come: the instance ends */
};

enum usm_loss_action {
	USM_LOSS_ASK, /* post the request; it has a deadline */
	USM_LOSS_WAIT, /* post the request for a daemon to come; it has none */
	USM_LOSS_KERNEL, /* the kernel's allocator serves the fault */
	USM_LOSS_SIGBUS,
};

/*
 * usm_loss_decide() - the table of failure semantics. Pure.
 * @on_loss: enum usm_on_loss
 * An evicted page (USM_FAULT_SWAPIN) is never left to the kernel's allocator,
 * which would answer it with zeroes.
 */
enum usm_loss_action usm_loss_decide(u32 on_loss, enum usm_fault_kind kind,
				     enum usm_daemon daemon);

/* Any context but under instance->lock; the answer is of that moment. */
enum usm_daemon usm_loss_daemon(struct usm_instance *instance);

/* What to count a fault as that the kernel's allocator serves for @daemon. */
enum usm_fallback_reason usm_loss_reason(enum usm_daemon daemon);

/*
 * usm_loss_action() - usm_loss_decide() for a fault that comes in now, but
 * that a stuck daemon is tried with one fault now and then: call it once a
 * fault.  *@reason is set with KERNEL.
 */
enum usm_loss_action usm_loss_action(struct usm_instance *instance,
				     enum usm_fault_kind kind,
				     enum usm_fallback_reason *reason);

/*
 * usm_loss_settle() - the daemon of @slot's instance went away: end the open
 * request as usm_loss_decide() says, or leave it open for the next daemon.
 */
void usm_loss_settle(struct usm_kslot *slot);
/* The same for every slot of @instance, and wake all who wait. Sleeps. */
void usm_loss_settle_all(struct usm_instance *instance);

#endif /* USM_LOSS_H */
