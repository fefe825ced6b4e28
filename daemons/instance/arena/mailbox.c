/* SPDX-License-Identifier: MIT */
#include "instance/arena/mailbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t summary_words(const struct usm_mailbox *box)
{
	return (usm_span_words(&box->span) + 63) / 64;
}

int usm_mailbox_init(struct usm_mailbox *box, const struct usm_span *span)
{
	struct usm_mailbox made = { .span = *span };

	made.leaf = calloc(usm_span_words(span), sizeof(uint64_t));
	made.summary = calloc(summary_words(&made), sizeof(uint64_t));
	if (!made.leaf || !made.summary) {
		usm_mailbox_fini(&made);
		return -ENOMEM;
	}
	*box = made;
	return 0;
}

void usm_mailbox_fini(struct usm_mailbox *box)
{
	free(box->leaf);
	free(box->summary);
	memset(box, 0, sizeof(*box));
}

void usm_mailbox_put(struct usm_mailbox *box, uint32_t frame)
{
	uint32_t bit = frame - box->span.base;
	uint32_t word = bit / 64;

	/* Counted first, so that no drain takes off what was not put on. */
	__atomic_fetch_add(&box->nr, 1, __ATOMIC_SEQ_CST);
	/* Leaf, summary, flag: the drain clears them in the other order. */
	if (__atomic_fetch_or(&box->leaf[word], 1ULL << (bit % 64),
			      __ATOMIC_SEQ_CST) >>
		    bit % 64 &
	    1)
		__atomic_fetch_sub(&box->nr, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&box->summary[word / 64], 1ULL << (word % 64),
			  __ATOMIC_SEQ_CST);
	__atomic_store_n(&box->pending, 1, __ATOMIC_SEQ_CST);
}

uint32_t usm_mailbox_nr(const struct usm_mailbox *box)
{
	return __atomic_load_n(&box->nr, __ATOMIC_RELAXED);
}

bool usm_mailbox_pending(const struct usm_mailbox *box)
{
	return __atomic_load_n(&box->pending, __ATOMIC_RELAXED);
}

static uint32_t drain_leaf(struct usm_mailbox *box, uint32_t word,
			   void (*take)(void *ctx, uint32_t frame), void *ctx)
{
	uint64_t bits =
		__atomic_exchange_n(&box->leaf[word], 0, __ATOMIC_SEQ_CST);
	uint32_t taken = 0;

	__atomic_fetch_sub(&box->nr, (uint32_t)__builtin_popcountll(bits),
			   __ATOMIC_SEQ_CST);
	while (bits) {
		take(ctx, box->span.base + word * 64 +
				  (uint32_t)__builtin_ctzll(bits));
		bits &= bits - 1;
		taken++;
	}
	return taken;
}

uint32_t usm_mailbox_drain(struct usm_mailbox *box,
			   void (*take)(void *ctx, uint32_t frame), void *ctx)
{
	uint32_t taken = 0, i;

	if (!__atomic_exchange_n(&box->pending, 0, __ATOMIC_SEQ_CST))
		return 0;
	for (i = 0; i < summary_words(box); i++) {
		uint64_t words = 0;

		if (__atomic_load_n(&box->summary[i], __ATOMIC_SEQ_CST))
			words = __atomic_exchange_n(&box->summary[i], 0,
						    __ATOMIC_SEQ_CST);
		while (words) {
			uint32_t bit = (uint32_t)__builtin_ctzll(words);

			taken += drain_leaf(box, i * 64 + bit, take, ctx);
			words &= words - 1;
		}
	}
	return taken;
}
