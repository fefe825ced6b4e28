/* SPDX-License-Identifier: MIT */
#include "instance/worker/replies.h"

#include <errno.h>

#include "instance/worker/slot.h"

bool usm_replies_store(const struct usm_replies *replies, uint32_t slot,
		       uint32_t gen, uint32_t frame, bool contested)
{
	struct usm_slot *at = &replies->slots[slot];
	uint64_t before = usm_slot_last_reply(at);

	while (__atomic_load_n(&at->gen, __ATOMIC_ACQUIRE) == gen) {
		if (!contested) {
			usm_slot_reply(at, gen, frame);
			return true;
		}
		/* Else somebody was late with an earlier one. */
		if (usm_slot_reply_after(at, &before, gen, frame))
			return true;
	}
	return false;
}

void usm_replies_add(struct usm_replies *replies, uint32_t slot, uint32_t gen,
		     uint32_t frame)
{
	replies->batch[replies->nr++] = (struct usm_map_entry){
		.slot = slot,
		.gen = gen,
		.frame = frame,
	};
}

uint32_t usm_replies_wake(struct usm_replies *replies)
{
	const struct usm_kernel *kernel = replies->kernel;
	struct usm_map_entry *batch = replies->batch;
	uint32_t asleep = 0, i;

	/* One fence between all the replies and all the states. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (i = 0; i < replies->nr; i++)
		if (usm_slot_is_asleep(&replies->slots[batch[i].slot]))
			batch[asleep++] = batch[i];
	replies->nr = 0;
	if (asleep && kernel->map(kernel->ctx, batch, asleep))
		for (i = 0; i < asleep; i++)
			batch[i].result = -ESTALE;
	return asleep;
}

int usm_replies_repeat(struct usm_replies *replies)
{
	const struct usm_kernel *kernel = replies->kernel;
	uint32_t nr = replies->nr;

	replies->nr = 0;
	return nr ? kernel->map(kernel->ctx, replies->batch, nr) : 0;
}
