/* SPDX-License-Identifier: MIT */
/*
 * replies.h - hands frames to the threads that wait in slots.
 *
 * A thread that still spins sees its reply by itself; those that went to sleep
 * are woken together, by one call.  One worker's own.
 */
#ifndef USM_INSTANCE_WORKER_REPLIES_H
#define USM_INSTANCE_WORKER_REPLIES_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/kernel.h"
#include "usm.h"

/* Told by one call: the slots of a word of PFQ. */
#define USM_REPLIES_MAX 64U

struct usm_replies {
	struct usm_slot *slots;
	const struct usm_kernel *kernel;
	uint32_t nr;
	struct usm_map_entry batch[USM_REPLIES_MAX];
};

/*
 * Stores the reply to request `gen` of a slot.  False: the thread has left, and
 * the frame is nobody's.  While a page was loaded it may have asked for
 * another one, which, where the slot is contested, another worker may have
 * answered even.
 */
bool usm_replies_store(const struct usm_replies *replies, uint32_t slot,
		       uint32_t gen, uint32_t frame, bool contested);

static inline bool usm_replies_full(const struct usm_replies *replies)
{
	return replies->nr == USM_REPLIES_MAX;
}

/* It was stored: remembers it for the next call.  Not while it is full. */
void usm_replies_add(struct usm_replies *replies, uint32_t slot, uint32_t gen,
		     uint32_t frame);

/*
 * Empties the batch.  Wakes those of it that went to sleep before they saw
 * their replies.  Returns how many; they stand in .batch, each with what
 * became of it: 0 or -errno, ESTALE when the call failed.
 */
uint32_t usm_replies_wake(struct usm_replies *replies);

/* Empties it by telling of every reply, asleep or not.  Errors of USM_IOC_MAP. */
int usm_replies_repeat(struct usm_replies *replies);

#endif /* USM_INSTANCE_WORKER_REPLIES_H */
