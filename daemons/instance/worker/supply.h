/* SPDX-License-Identifier: MIT */
/*
 * supply.h - the frame that answers a fault, with what belongs into it.
 */
#ifndef USM_INSTANCE_WORKER_SUPPLY_H
#define USM_INSTANCE_WORKER_SUPPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/evict/pager.h"
#include "instance/evict/relay.h"
#include "instance/worker/stock.h"

enum usm_supply {
	USM_SUPPLY_FRAME, /* this frame, out of stock and filled */
	USM_SUPPLY_LATER, /* none now, but there may be one soon */
	USM_SUPPLY_NONE, /* none: the kernel serves it, or nobody can */
};

/*
 * The frame for a fault: from stock; when that is empty, from a page that is
 * evicted for it.  An evicted page is read into the frame, for which the
 * calling workee may wait.  pager may be NULL.
 * *dry as in usm_stock_pick().
 */
enum usm_supply usm_supply(struct usm_stock *stock, struct usm_pager *pager,
			   const struct usm_fault *fault, uint32_t *frame,
			   bool *dry);

/* The same where the pager is another worker's; not for evicted pages. */
enum usm_supply usm_supply_by_relay(struct usm_stock *stock,
				    struct usm_relay *relay,
				    const struct usm_fault *fault,
				    uint32_t *frame, bool *dry);

#endif /* USM_INSTANCE_WORKER_SUPPLY_H */
