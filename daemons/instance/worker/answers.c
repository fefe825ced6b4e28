/* SPDX-License-Identifier: MIT */
#include "instance/worker/answers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "instance/worker/backoff.h"
#include "instance/worker/slot.h"
#include "instance/worker/stock_books.h"
#include "instance/worker/supply.h"

/*
 * Other frames for one fault that the kernel could serve itself: refused ones
 * are those that it took for a page it moved, a few at a time.
 */
#define REFUSALS_MAX 16

int usm_answers_init(struct usm_answers *answers,
		     const struct usm_channel_view *view,
		     const struct usm_kernel *kernel)
{
	struct usm_answer *of = calloc(view->nr_slots, sizeof(*of));

	if (!of)
		return -ENOMEM;
	*answers = (struct usm_answers){
		.slots = view->slots,
		.nr_slots = view->nr_slots,
		.of = of,
		.replies = { .slots = view->slots, .kernel = kernel },
	};
	return 0;
}

void usm_answers_fini(struct usm_answers *answers)
{
	free(answers->of);
	memset(answers, 0, sizeof(*answers));
}

/* Are there evicted pages, whoever brings them? */
static bool swaps(const struct usm_answers *answers)
{
	return answers->from.pager || answers->from.relay;
}

/* The answer waits for a frame: the slot is looked at again in every pass. */
static void put_off(struct usm_answers *answers, uint32_t slot)
{
	answers->of[slot].put_off = true;
	usm_idq_set(usm_idq_filled(&answers->put_off), slot);
}

/* Nobody is to wait for the policy for ever where the kernel has memory. */
static uint64_t waited(struct usm_answer *answer, uint64_t now)
{
	if (!answer->since_ns)
		answer->since_ns = now;
	return now - answer->since_ns;
}

/* Nothing was found for a fault: is it tried again? */
static bool try_again(const struct usm_answers_from *from,
		      struct usm_answer *answer, const struct usm_fault *fault,
		      enum usm_supply supply)
{
	uint64_t now, so_far;

	/* Nobody else can bring an evicted page. */
	if (fault->kind == USM_FAULT_SWAPIN)
		return supply == USM_SUPPLY_LATER;
	if (supply == USM_SUPPLY_NONE && !from->oom)
		return false;
	now = usm_now_ns();
	so_far = waited(answer, now);
	if (supply == USM_SUPPLY_LATER && so_far < from->patience_ns)
		return true;
	return from->oom &&
	       usm_checked_oom_waits(from->oom, fault, so_far, now);
}

/*
 * A request that is seen twice was answered before: the same answer again, or
 * none at all if the kernel refused it, so that a wrong frame can never make
 * the two sides go round in circles.  Where others take frames from us it gets
 * another one, and an evicted page, which is nobody else's to bring, as often
 * as it takes: a refused frame is out of stock.
 */
static bool answered_before(struct usm_answers *answers, uint32_t slot,
			    uint32_t gen, bool evicted)
{
	struct usm_answer *answer = &answers->of[slot];

	if (answer->gen != gen || (answer->put_off && !answer->refused))
		return false;
	if (!answer->refused &&
	    (answer->error_seen || !usm_slot_error(&answers->slots[slot])))
		return true;
	answer->frame = USM_FRAME_NONE;
	return !evicted &&
	       (!swaps(answers) || ++answer->refusals > REFUSALS_MAX);
}

static enum usm_supply find_frame(struct usm_answers *answers,
				  const struct usm_fault *fault,
				  uint32_t *frame)
{
	const struct usm_answers_from *from = &answers->from;

	return usm_answers_pager_elsewhere(answers)
		       ? usm_supply_by_relay(from->stock, from->relay, fault,
					     frame, &answers->dry)
		       : usm_supply(from->stock, from->pager, fault, frame,
				    &answers->dry);
}

/* The frame for a request; false when it is put off. */
static bool decide(struct usm_answers *answers, uint32_t slot, uint32_t gen,
		   const struct usm_fault *fault, uint32_t *frame)
{
	const struct usm_answers_from *from = &answers->from;
	struct usm_answer *answer = &answers->of[slot];
	bool evicted = fault->kind == USM_FAULT_SWAPIN;
	enum usm_supply supply;

	if (!answered_before(answers, slot, gen, evicted)) {
		if (answer->gen != gen)
			*answer = (struct usm_answer){ .gen = gen };
		answer->put_off = false;
		answer->refused = false;
		answer->frame = USM_FRAME_NONE;
		supply = find_frame(answers, fault, &answer->frame);
		if (supply != USM_SUPPLY_FRAME &&
		    try_again(from, answer, fault, supply)) {
			put_off(answers, slot);
			return false;
		}
		/* Before the thread goes on, to where it is given ahead. */
		if (supply == USM_SUPPLY_FRAME && from->ahead)
			usm_ahead_answering(from->ahead, from->worker, fault,
					    answer->frame);
	}
	*frame = answer->frame;
	return true;
}

/* Is the request this worker's to answer? */
static bool claim(struct usm_answers *answers, uint32_t slot, uint32_t gen,
		  const struct usm_fault *fault)
{
	struct usm_claims *claims = answers->from.claims;

	if (fault->kind == USM_FAULT_SWAPIN &&
	    usm_answers_pager_elsewhere(answers)) {
		usm_relay_hand(answers->from.relay, slot);
		return false;
	}
	return !claims || answers->of[slot].gen == gen ||
	       usm_claims_take(claims, slot, gen);
}

static bool store(struct usm_answers *answers, uint32_t slot, uint32_t gen,
		  uint32_t frame)
{
	struct usm_answer *answer = &answers->of[slot];

	if (usm_replies_store(&answers->replies, slot, gen, frame,
			      answers->from.claims))
		return true;
	if (answer->frame != USM_FRAME_NONE)
		usm_stock_give(answers->from.stock, answer->frame);
	*answer = (struct usm_answer){ .frame = USM_FRAME_NONE };
	return false;
}

void usm_answers_give(struct usm_answers *answers, uint32_t slot)
{
	struct usm_fault fault;
	uint32_t gen, frame;

	do {
		if (!usm_slot_read(&answers->slots[slot], &gen, &fault) ||
		    !claim(answers, slot, gen, &fault) ||
		    !decide(answers, slot, gen, &fault, &frame))
			return;
	} while (!store(answers, slot, gen, frame));
	if (usm_replies_full(&answers->replies))
		usm_answers_flush(answers);
	usm_replies_add(&answers->replies, slot, gen, frame);
	answers->given++;
}

static void check_result(struct usm_answers *answers,
			 const struct usm_map_entry *entry)
{
	struct usm_answer *answer = &answers->of[entry->slot];
	bool stale = entry->result == -ESTALE;

	if (!entry->result || entry->frame == USM_FRAME_NONE)
		return;
	if (answer->gen == entry->gen) {
		answer->frame = USM_FRAME_NONE;
		answer->refused = !stale;
		if (answer->refused && swaps(answers))
			put_off(answers, entry->slot);
	}
	usm_stock_refused(answers->from.stock, entry->frame, stale);
}

void usm_answers_flush(struct usm_answers *answers)
{
	uint32_t nr = usm_replies_wake(&answers->replies), i;

	for (i = 0; i < nr; i++)
		check_result(answers, &answers->replies.batch[i]);
}

/*
 * Sends the batch once more.  A frame that is refused now (it left the
 * partition) may be FREE again the next time, and without the page that was put
 * into it: such an answer must not be repeated.
 */
static int repeat(struct usm_answers *answers)
{
	struct usm_replies *replies = &answers->replies;
	uint32_t nr = replies->nr, i;
	int err = usm_replies_repeat(replies);

	for (i = 0; i < nr && !err; i++)
		if (replies->batch[i].result != -ESTALE)
			check_result(answers, &replies->batch[i]);
	return err;
}

int usm_answers_settle(struct usm_answers *answers)
{
	struct usm_replies *replies = &answers->replies;
	uint32_t i;
	int err = 0;

	for (i = 0; i < answers->nr_slots && !err; i++) {
		const struct usm_answer *answer = &answers->of[i];

		if (answer->frame != USM_FRAME_NONE && answer->gen)
			usm_replies_add(replies, i, answer->gen, answer->frame);
		if (usm_replies_full(replies))
			err = repeat(answers);
	}
	return err ? err : repeat(answers);
}

/*
 * The stock ran dry although the kernel looked for frames.  Replies that were
 * stored for a thread which left at that moment (signal, deadline) leave a
 * frame that both sides believe the other has: take those back.
 */
void usm_answers_end_pass(struct usm_answers *answers)
{
	const struct usm_answers_from *from = &answers->from;

	if (from->ahead)
		usm_ahead_answered(from->ahead, from->worker);
	if (!answers->dry)
		return;
	answers->dry = false;
	if (!usm_answers_settle(answers))
		usm_stock_reconcile(from->stock, NULL);
}

uint32_t usm_answers_recheck(struct usm_answers *answers)
{
	uint32_t i, found = 0;

	for (i = 0; i < answers->nr_slots; i++) {
		const struct usm_slot *slot = &answers->slots[i];
		struct usm_answer *answer = &answers->of[i];

		if (!answer->gen || answer->put_off || answer->error_seen ||
		    !usm_slot_error(slot) ||
		    __atomic_load_n(&slot->gen, __ATOMIC_ACQUIRE) !=
			    answer->gen)
			continue;
		answer->error_seen = true;
		answer->refused = true;
		put_off(answers, i);
		found++;
	}
	return found;
}
