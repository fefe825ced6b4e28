/* SPDX-License-Identifier: MIT */
#include "instance/worker/backlog.h"

#include "instance/worker/bitfield.h"
#include "instance/worker/doorbell.h"

static bool *asked(const struct usm_backlog *backlog)
{
	return &backlog->help->worker[backlog->worker].asked;
}

bool usm_backlog_pending(const struct usm_backlog *backlog)
{
	return usm_bitfield_pending(backlog->pfq, backlog->taking) ||
	       (backlog->help &&
		__atomic_load_n(asked(backlog), __ATOMIC_RELAXED));
}

void usm_backlog_begin(struct usm_backlog *backlog,
		       struct usm_backlog_pass *pass)
{
	if (backlog->help &&
	    __atomic_load_n(asked(backlog), __ATOMIC_RELAXED) &&
	    __atomic_exchange_n(asked(backlog), false, __ATOMIC_SEQ_CST))
		backlog->taking = ~0ULL;
	*pass = (struct usm_backlog_pass){
		.words = usm_bitfield_snapshot(backlog->pfq),
	};
}

/* Wakes the next worker that sleeps, if any does. */
static void ask_for_help(struct usm_backlog *backlog)
{
	struct usm_help *help = backlog->help;
	unsigned int i, other;

	for (i = 1; i < help->nr_workers; i++) {
		other = (backlog->worker + i) % help->nr_workers;
		if (__atomic_load_n(&help->bells[other].state,
				    __ATOMIC_RELAXED) != USM_WORKER_ASLEEP)
			continue;
		__atomic_store_n(&help->worker[other].asked, true,
				 __ATOMIC_SEQ_CST);
		usm_doorbell_ring(&help->bells[other]);
		return;
	}
}

/* The lowest few of a set. */
static uint64_t portion_of(uint64_t bits)
{
	uint64_t rest = bits;
	unsigned int i;

	for (i = 0; i < USM_BACKLOG_PORTION && rest; i++)
		rest &= rest - 1;
	return bits & ~rest;
}

/*
 * The next word.  One in which nothing is left is taken all the same: that
 * clears the summary's bit, and brings what was set meanwhile.
 */
static uint64_t open_word(struct usm_backlog *backlog,
			  struct usm_backlog_pass *pass)
{
	pass->word = (uint32_t)__builtin_ctzll(pass->words);
	pass->words &= pass->words - 1;
	pass->left = __atomic_load_n(&backlog->pfq->leaf[pass->word],
				     __ATOMIC_RELAXED) &
		     backlog->taking;
	if (pass->left)
		return 0;
	return usm_bitfield_take(backlog->pfq, pass->word, backlog->taking);
}

static uint64_t take_portion(struct usm_backlog *backlog,
			     struct usm_backlog_pass *pass)
{
	uint64_t portion = backlog->taking;

	if (backlog->help)
		portion = portion_of(pass->left);
	pass->left &= ~portion;
	if (backlog->help && !pass->asked &&
	    __builtin_popcountll(pass->left) >= (int)USM_BACKLOG_OVERLOAD) {
		pass->asked = true;
		ask_for_help(backlog);
	}
	return usm_bitfield_take(backlog->pfq, pass->word, portion);
}

uint64_t usm_backlog_take(struct usm_backlog *backlog,
			  struct usm_backlog_pass *pass, uint32_t *word)
{
	uint64_t bits = 0;

	while (!bits && (pass->left || pass->words)) {
		bits = pass->left ? take_portion(backlog, pass)
				  : open_word(backlog, pass);
		if (pass->word >= backlog->nr_words)
			bits = 0;
	}
	*word = pass->word;
	return bits;
}

void usm_backlog_end(struct usm_backlog *backlog, uint32_t taken)
{
	if (!taken)
		backlog->taking = backlog->own;
}
