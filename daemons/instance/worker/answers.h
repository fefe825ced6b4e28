/* SPDX-License-Identifier: MIT */
/*
 * answers.h - what a worker answers to the requests in slots.
 *
 * The answer to a request is decided once and remembered until the slot has
 * another one: seen again, it gets the same answer, unless the kernel refused
 * that.  What finds no frame is put off and looked at again.
 * The worker's own; nothing here waits but for pages, which is the calling
 * workee's matter.
 */
#ifndef USM_INSTANCE_WORKER_ANSWERS_H
#define USM_INSTANCE_WORKER_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/ahead/ahead.h"
#include "instance/evict/pager.h"
#include "instance/evict/relay.h"
#include "instance/kernel.h"
#include "instance/policies/oom/checked.h"
#include "instance/workee/idq.h"
#include "instance/worker/channel_view.h"
#include "instance/worker/claims.h"
#include "instance/worker/replies.h"
#include "instance/worker/stock.h"

/* What answers are made from; all is borrowed. */
struct usm_answers_from {
	struct usm_stock *stock;
	struct usm_pager *pager; /* or NULL */
	struct usm_relay *relay; /* to it, or from others; or NULL */
	struct usm_checked_oom *oom; /* NULL: none */
	struct usm_ahead *ahead; /* or NULL */
	unsigned int worker; /* its number for .ahead */
	struct usm_claims *claims; /* NULL: there is one worker */
	/* How long what the kernel could serve waits for a frame at most. */
	uint64_t patience_ns;
};

/* The last answer given in a slot. */
struct usm_answer {
	uint32_t gen; /* 0: none yet */
	uint32_t frame;
	uint64_t since_ns; /* put off for the first time; 0: never */
	uint32_t refusals;
	bool put_off; /* not given yet */
	bool refused; /* by USM_IOC_MAP */
	bool error_seen; /* the slot's word about it, which stays */
};

struct usm_answers {
	struct usm_answers_from from;
	struct usm_slot *slots;
	uint32_t nr_slots;
	struct usm_answer *of; /* [nr_slots] */
	struct usm_idq_turns put_off; /* slots to be looked at again */
	struct usm_replies replies; /* since the last flush */
	uint32_t given; /* answers; set to 0 by whoever counts */
	bool dry; /* reconcile with the kernel at the end of the pass */
};

/*
 * None given yet, for the slots of view and with nothing to make them from:
 * .from may be changed until the first of them is.  ENOMEM.
 */
int usm_answers_init(struct usm_answers *answers,
		     const struct usm_channel_view *view,
		     const struct usm_kernel *kernel);

/* Frees what init allocated; a zeroed struct is fine. */
void usm_answers_fini(struct usm_answers *answers);

/* Only another worker can bring evicted pages. */
static inline bool
usm_answers_pager_elsewhere(const struct usm_answers *answers)
{
	return answers->from.relay && !answers->from.pager;
}

/*
 * Answers the request of a slot, if there is one that is this worker's, or puts
 * it off, or hands it to whoever has the pager.  The caller is a workee, or the
 * worker where no pages are loaded.
 */
void usm_answers_give(struct usm_answers *answers, uint32_t slot);

/* Wakes those who sleep and were answered since the last time. */
void usm_answers_flush(struct usm_answers *answers);

/*
 * Sends the last answer of every slot once more, by a call that tells what
 * became of it: taken now, or ESTALE.  Afterwards no reply is under way.  After
 * a flush.  Errors of USM_IOC_MAP.
 */
int usm_answers_settle(struct usm_answers *answers);

/* All that was pending was answered. */
void usm_answers_end_pass(struct usm_answers *answers);

/*
 * Looks for answers that the kernel refused while their threads were still
 * spinning, which nothing announces, and puts them off.  Returns how many.
 */
uint32_t usm_answers_recheck(struct usm_answers *answers);

#endif /* USM_INSTANCE_WORKER_ANSWERS_H */
