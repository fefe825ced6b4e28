/* SPDX-License-Identifier: MIT */
/*
 * workers.h - all the workers of an instance, each with a stock, a LocalManager,
 * an inbox and a thread of its own, and what they share.
 */
#ifndef USM_INSTANCE_WORKERS_H
#define USM_INSTANCE_WORKERS_H

#include "instance/ahead/ahead.h"
#include "instance/arena/returned.h"
#include "instance/failure.h"
#include "instance/kernel.h"
#include "instance/thresholds/watch.h"
#include "instance/worker/exchange.h"
#include "instance/worker/local_manager.h"
#include "instance/worker/stock.h"
#include "instance/worker/survey.h"
#include "usm.h"

struct usm_workers;

struct usm_workers_options {
	unsigned int nr; /* a power of two up to USM_WORKERS_MAX */
	const struct usm_kernel *kernel;
	const struct usm_claim *claim;
	const struct usm_alloc_policy *alloc;
	struct usm_returned *returned;
	struct usm_doorbell *bells; /* [nr] */
	struct usm_threshold_watch *watch; /* NULL: no thresholds */
};

/*
 * Their stocks, all empty, and inboxes.  What options point to is borrowed.
 * *out belongs to the caller.  EINVAL, ENOMEM.
 */
int usm_workers_create(const struct usm_workers_options *options,
		       struct usm_workers **out);

/* Frees them; they are stopped.  NULL is fine. */
void usm_workers_destroy(struct usm_workers *workers);

unsigned int usm_workers_nr(const struct usm_workers *workers);
struct usm_stock *const *usm_workers_stocks(const struct usm_workers *workers);

/* They give frames ahead of faults (borrowed); before they are scheduled. */
void usm_workers_ahead(struct usm_workers *workers, struct usm_ahead *ahead);

/*
 * Their LocalManagers over a channel, each for its share of the slots; pager
 * (NULL: none) is the first one's.  The rest is as for
 * usm_local_manager_create().
 */
int usm_workers_schedule(struct usm_workers *workers,
			 const struct usm_channel_view *view,
			 struct usm_pager *pager, uint64_t patience_ns);
struct usm_local_manager *const *
usm_workers_managers(const struct usm_workers *workers);

/*
 * Starts their threads, in order, on the CPUs this process may use from the
 * nth of them on, or from CPU `cpu` on (-1: none is named).  resize(ctx) is
 * done by one of them while all stand still, whenever usm_workers_resize() is
 * called.  On failure *failure says why.
 */
int usm_workers_start(struct usm_workers *workers, unsigned int nth, int cpu,
		      void (*resize)(void *ctx), void *ctx,
		      struct usm_failure *failure);

/* Ends their threads; before their start, and twice, is fine. */
void usm_workers_stop(struct usm_workers *workers);

/* The partition has another size; the control thread. */
void usm_workers_resize(struct usm_workers *workers);

/*
 * Has their policies exchanged, the stocks being theirs, and exchange->done
 * told, unless they are stopped before.  One at a time; the control thread.
 */
void usm_workers_exchange(struct usm_workers *workers,
			  struct usm_exchange *exchange);

/* Has their policies asked for their counters; the rest is as above. */
void usm_workers_survey(struct usm_workers *workers, struct usm_survey *survey);

/* They are to look after frames that came home; the control thread. */
void usm_workers_look(struct usm_workers *workers);

/*
 * The most stack that any workee of theirs has ever used, in bytes.  Reads
 * every stack in use while they go on; the control thread.
 */
size_t usm_workers_high_water(const struct usm_workers *workers);

/*
 * A member is there, in a group of processes, or gone: for all their policies;
 * the control thread.  False: not all of them have room to hear it now.
 */
bool usm_workers_member_new(struct usm_workers *workers, uint32_t member,
			    uint32_t tgid, unsigned int group);
void usm_workers_member_gone(struct usm_workers *workers, uint32_t member);

#endif /* USM_INSTANCE_WORKERS_H */
