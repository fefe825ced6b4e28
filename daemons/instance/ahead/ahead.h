/* SPDX-License-Identifier: MIT */
/*
 * ahead.h - gives frames ahead of faults, as the allocation policy wishes, and
 * takes them back.
 *
 * What is given ahead is GRANTED in the kernel's books and not in stock.  It
 * comes back in three ways: used and freed, through /proc/usmPgs, like any
 * other; unused when its member ends, the same way; or it is taken back, when a
 * stock is empty, when more is out than there is in stock, and before other
 * policies are put in place.  A daemon that takes over finds nothing given
 * ahead: the kernel has made it FREE by then.
 *
 * One for all workers of an instance, under one lock: whoever reads that a
 * magazine runs low refills it from its own stock.  What is asked at every
 * fault costs two loads while the policy wishes nothing.
 */
#ifndef USM_INSTANCE_AHEAD_AHEAD_H
#define USM_INSTANCE_AHEAD_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/kernel.h"
#include "instance/worker/stock.h"
#include "usm.h"
#include "usm_policy.h"

struct usm_ahead;

struct usm_ahead_options {
	const struct usm_kernel *kernel;
	struct usm_stock *const *stocks; /* of all workers */
	unsigned int nr_workers;
	/* NULL: a pager reads them, and passes them on. */
	struct usm_notices *notices;
	char *pool; /* frame 0 of the pool; own frames can be touched */
	uint32_t pool_frames;
};

/*
 * What options point to is borrowed; from here on the stocks tell it what comes
 * into them.  *out belongs to the caller.  ENOMEM, errors of opening /dev/zero.
 */
int usm_ahead_create(const struct usm_ahead_options *options,
		     struct usm_ahead **out);

/* Frees it; NULL is fine.  The stocks must not be used any more. */
void usm_ahead_destroy(struct usm_ahead *ahead);

/* ---- what a worker calls; all its own, `worker` being its number ------------- */

/* A fault is about to be answered with this frame, which is out of stock. */
void usm_ahead_answering(struct usm_ahead *ahead, unsigned int worker,
			 const struct usm_fault *fault, uint32_t frame);

/* All faults of the pass were answered: refills what they found empty. */
void usm_ahead_answered(struct usm_ahead *ahead, unsigned int worker);

/*
 * Reads what notices there are; is there something to refill?  To be asked
 * before the worker sleeps.
 */
bool usm_ahead_due(struct usm_ahead *ahead, unsigned int worker);

/* Refills what runs low, and takes back what is too much. */
void usm_ahead_work(struct usm_ahead *ahead, unsigned int worker);

/* Nothing else to do: zeroes a few frames.  True when it did. */
bool usm_ahead_idle(struct usm_ahead *ahead, unsigned int worker);

/* ---- what others tell it ------------------------------------------------------ */

/*
 * This frame was used.  True: it was given ahead, and did not come back since.
 */
bool usm_ahead_used(struct usm_ahead *ahead, uint32_t frame);

/* A notice that somebody else reads, after usm_ahead_used() for each frame. */
void usm_ahead_notice(struct usm_ahead *ahead, const struct usm_notice *notice);

/*
 * These frames hold pages that are about to be evicted.  From here on they are
 * not taken back, which the kernel would take for "stored".
 */
void usm_ahead_evicting(struct usm_ahead *ahead, const uint32_t *frames,
			uint32_t nr);

/* An address space ended; what it had not used comes home by itself. */
void usm_ahead_member_gone(struct usm_ahead *ahead, uint32_t member);

/* While all workers stand still: the partition has other extents. */
void usm_ahead_resized(struct usm_ahead *ahead,
		       const struct usm_extent *extents, uint32_t nr_extents);

/* While all workers stand still: there is another policy; all comes back. */
void usm_ahead_reset(struct usm_ahead *ahead);

/*
 * Counters, at most nr: frames "out" now, "pushed" into magazines, of which
 * "vouched" were zeroed, given in "ranges", and "taken_back".  Returns how many;
 * 0 where nothing was ever given.  While all workers stand still.
 */
uint32_t usm_ahead_stats(const struct usm_ahead *ahead,
			 struct usm_policy_stat *stats, uint32_t nr);

#endif /* USM_INSTANCE_AHEAD_AHEAD_H */
