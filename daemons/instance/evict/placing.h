/* SPDX-License-Identifier: MIT */
/*
 * placing.h - which page a frame holds: what the pager is told of it.
 *
 * The pager's thread.
 */
#ifndef USM_INSTANCE_EVICT_PLACING_H
#define USM_INSTANCE_EVICT_PLACING_H

#include <stdint.h>

#include "instance/evict/pager.h"

/*
 * The frame holds the page at addr of a member (0: unknown) from now on.  Where
 * there are other workers, it is said to the relay, in turn with what they say.
 */
void usm_pager_placed(struct usm_pager *pager, uint32_t frame, uint32_t member,
		      uint64_t addr);

/*
 * What the relay passes on, to the pager that ctx is: the same, or, without a
 * member, that the frame came into a stock.
 */
void usm_pager_heard(void *ctx, uint32_t frame, uint32_t member, uint64_t addr);

/* The frame came into the stock of the pager's worker: it holds no page. */
void usm_pager_left(void *ctx, uint32_t frame);

#endif /* USM_INSTANCE_EVICT_PLACING_H */
