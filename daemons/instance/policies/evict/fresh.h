/* SPDX-License-Identifier: MIT */
/*
 * fresh.h - pages whose accessed bit means nothing yet.
 *
 * The access that faults sets the accessed bit of the new page.  To a policy
 * that asks "was it used again?" that first bit must not count, so new frames
 * are kept here until somebody has looked at them: they are looked at soon, the
 * first answer is dropped, and from then on a bit is a use.
 *
 * All but init and copy are O(1).
 */
#ifndef USM_INSTANCE_POLICIES_EVICT_FRESH_H
#define USM_INSTANCE_POLICIES_EVICT_FRESH_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/policies/evict/list.h"

struct usm_fresh {
	struct usm_frame_list list; /* by age */
	struct usm_frame_link *links; /* [nr_frames] */
	bool *fresh; /* [nr_frames] */
	uint32_t answered; /* turned out used in the look under way */
};

/* For frames [0, nr_frames), none of them fresh.  ENOMEM. */
int usm_fresh_init(struct usm_fresh *fresh, uint32_t nr_frames);

/* Frees it; a zeroed struct is fine. */
void usm_fresh_fini(struct usm_fresh *fresh);

/* The frame has a new page; it has none any more.  As often as one likes. */
void usm_fresh_add(struct usm_fresh *fresh, uint32_t frame);
void usm_fresh_remove(struct usm_fresh *fresh, uint32_t frame);

/* Its bit was set: is that a use?  Not if it was fresh, which it is no more. */
bool usm_fresh_used(struct usm_fresh *fresh, uint32_t frame);

/* Half of a look at `look` frames, if there are as many.  Returns how many. */
uint32_t usm_fresh_copy(const struct usm_fresh *fresh, uint32_t *frames,
			uint32_t look);

/*
 * Those were looked at: what did not turn out used is fresh no more, either.
 * Returns as usm_fresh_copy() did.
 */
uint32_t usm_fresh_looked(struct usm_fresh *fresh, uint32_t look);

#endif /* USM_INSTANCE_POLICIES_EVICT_FRESH_H */
