/* SPDX-License-Identifier: MIT */
/*
 * stacks.h - stacks for user-level contexts, each below a page that faults.
 *
 * Address space for all is reserved at once; memory is used by what was
 * touched of those that are in use.
 */
#ifndef USM_INSTANCE_WORKEE_STACKS_H
#define USM_INSTANCE_WORKEE_STACKS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The deepest chain (a policy, reclaiming, reconciling, a few batches of
 * entries on the way) takes under 12 KiB; plugins are promised half of this,
 * and sanitizers need their share.
 */
#define USM_STACK_BYTES 65536U

struct usm_stacks {
	char *base; /* NULL: none */
	uint32_t nr;
};

/* Room for nr stacks, none of which can be used yet.  ENOMEM. */
int usm_stacks_init(struct usm_stacks *stacks, uint32_t nr);

/* Unmaps them all; zeroed is fine. */
void usm_stacks_fini(struct usm_stacks *stacks);

/*
 * The lowest address of stack `index` (USM_STACK_BYTES from there), usable
 * from now on.  ENOMEM.
 */
int usm_stacks_open(struct usm_stacks *stacks, uint32_t index, void **bottom);

/*
 * The most that was ever in use of an open stack, in bytes: what is not zero,
 * as all of it is at first.  Reads the whole stack.
 */
size_t usm_stacks_high_water(const struct usm_stacks *stacks, uint32_t index);

#endif /* USM_INSTANCE_WORKEE_STACKS_H */
