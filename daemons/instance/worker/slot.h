/* SPDX-License-Identifier: MIT */
/*
 * slot.h - reading a fault out of a slot that changes under the reader, and
 * answering it.
 */
#ifndef USM_INSTANCE_WORKER_SLOT_H
#define USM_INSTANCE_WORKER_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "usm.h"
#include "usm_policy.h"

/*
 * Copies the request out of a slot.  False when there is none any more, or
 * when another one took its place meanwhile (its bit is set again then).
 */
bool usm_slot_read(const struct usm_slot *slot, uint32_t *gen,
		   struct usm_fault *fault);

/* Why the kernel refused the last reply, 0 or -errno. */
int usm_slot_error(const struct usm_slot *slot);

/*
 * Stores a reply.  A full fence must come between this and
 * usm_slot_is_asleep(); one fence does for any number of slots.
 */
void usm_slot_reply(struct usm_slot *slot, uint32_t gen, uint32_t frame);

/*
 * The same where another worker may answer a later request of the slot: only
 * if the reply still is *before, which was read before the request was seen to
 * be the current one.  False: nothing is stored, and *before is what it is now.
 */
uint64_t usm_slot_last_reply(const struct usm_slot *slot);
bool usm_slot_reply_after(struct usm_slot *slot, uint64_t *before, uint32_t gen,
			  uint32_t frame);

/* Does the answered thread need USM_IOC_MAP to go on? */
bool usm_slot_is_asleep(const struct usm_slot *slot);

#endif /* USM_INSTANCE_WORKER_SLOT_H */
