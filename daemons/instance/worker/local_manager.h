/* SPDX-License-Identifier: MIT */
/*
 * local_manager.h - the scheduler of one worker: from PFQ bits to replies.
 *
 * What is pending, what was put off and what has been loaded is taken here and
 * given to workees, who answer it (answers.h).  All calls are the worker's own;
 * none of them waits.
 */
#ifndef USM_INSTANCE_WORKER_LOCAL_MANAGER_H
#define USM_INSTANCE_WORKER_LOCAL_MANAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "instance/ahead/ahead.h"
#include "instance/evict/pager.h"
#include "instance/evict/relay.h"
#include "instance/kernel.h"
#include "instance/policies/oom/checked.h"
#include "instance/worker/backlog.h"
#include "instance/worker/channel_view.h"
#include "instance/worker/claims.h"
#include "instance/worker/stock.h"
#include "usm.h"

struct usm_local_manager;

/*
 * Serves the slots of `mask` (see bitfield.h) of the view (copied) from stock,
 * and from pager where there is one (NULL: faults that find no frame are the
 * kernel's), through kernel; all borrowed.  patience_ns: how long a fault that
 * the kernel could serve itself waits for a frame at most.  *out belongs to the
 * caller.  ENOMEM.
 */
int usm_local_manager_create(const struct usm_channel_view *view, uint64_t mask,
			     struct usm_stock *stock, struct usm_pager *pager,
			     uint64_t patience_ns,
			     const struct usm_kernel *kernel,
			     struct usm_local_manager **out);

/*
 * Frees it; NULL is fine.  The pager's device must be closed before: it reports
 * to the manager until then.
 */
void usm_local_manager_destroy(struct usm_local_manager *manager);

/*
 * It is worker `worker` of several, who claim requests and help each other;
 * both are borrowed and start zeroed.  Before the first run.
 */
void usm_local_manager_share(struct usm_local_manager *manager,
			     struct usm_claims *claims, struct usm_help *help,
			     unsigned int worker);

/* Gives frames ahead of faults as worker `worker`; borrowed.  As above. */
void usm_local_manager_ahead(struct usm_local_manager *manager,
			     struct usm_ahead *ahead, unsigned int worker);

/*
 * The pager is one worker's, and they speak to it through a relay (borrowed):
 * the one that has it serves what others hand over.  Before the first run.
 */
void usm_local_manager_relay(struct usm_local_manager *manager,
			     struct usm_relay *relay);

/*
 * What is done when no frame can be had (borrowed); without it the kernel
 * serves what can wait no longer.  Before the first run.
 */
void usm_local_manager_oom(struct usm_local_manager *manager,
			   struct usm_checked_oom *oom);

/*
 * ring(ctx) is called on another thread when a page that a fault waits for has
 * been loaded.  Before the first run.
 */
void usm_local_manager_ring(struct usm_local_manager *manager,
			    void (*ring)(void *ctx), void *ctx);

/*
 * Answers every fault that is pending when it is called, each slot once, so
 * that no slot can starve another, and tries again those that are put off.
 * Returns how many bits it took and put-off faults it answered; 0 means there
 * was nothing to do.
 */
uint32_t usm_local_manager_run(struct usm_local_manager *manager);

/* Are there faults put off until a frame is won? */
bool usm_local_manager_waiting(const struct usm_local_manager *manager);

/*
 * Makes sure that no reply is under way: each was taken by the kernel or never
 * will be.  Errors of USM_IOC_MAP.
 */
int usm_local_manager_settle(struct usm_local_manager *manager);

/*
 * Answers whatever waits in any slot, bits or not: for the start, when a
 * predecessor may have taken bits it never answered.
 */
uint32_t usm_local_manager_sweep(struct usm_local_manager *manager);

/*
 * Looks for answers that the kernel refused while their threads were still
 * spinning, which nothing announces, and puts them off.  Returns how many.
 */
uint32_t usm_local_manager_recheck(struct usm_local_manager *manager);

/* As usm_workees_high_water(); any thread. */
size_t usm_local_manager_high_water(const struct usm_local_manager *manager);

/* Is there a bit to take? */
bool usm_local_manager_pending(const struct usm_local_manager *manager);

#endif /* USM_INSTANCE_WORKER_LOCAL_MANAGER_H */
