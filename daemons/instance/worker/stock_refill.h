/* SPDX-License-Identifier: MIT */
/*
 * stock_refill.h - frames out of a stock, and into it before it is empty: from
 * what came home, the shared arena, other workers, and a scan of the kernel's.
 */
#ifndef USM_INSTANCE_WORKER_STOCK_REFILL_H
#define USM_INSTANCE_WORKER_STOCK_REFILL_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/worker/stock.h"
#include "usm_policy.h"

/*
 * Takes in what the control thread left, and evens out with the shared arena;
 * a few loads when there is nothing to do.
 */
void usm_stock_refresh(struct usm_stock *stock);

/* Was it asked for frames by a worker that starves?  One load. */
bool usm_stock_asked(const struct usm_stock *stock);

/* Nothing here, but another worker has frames and is asked for them. */
bool usm_stock_hopeful(const struct usm_stock *stock);

/*
 * The policy's frame for this fault.  When the policy has none: reads
 * /proc/usmPgs, then has the kernel scan, and asks again.  USM_FRAME_NONE when
 * that does not help.  *dry is set when the last resort, reconciling, is due.
 */
uint32_t usm_stock_pick(struct usm_stock *stock, const struct usm_fault *fault,
			bool *dry);

/* Frames that can be had without taking any from another worker's stock. */
uint32_t usm_stock_within_reach(const struct usm_stock *stock);

#endif /* USM_INSTANCE_WORKER_STOCK_REFILL_H */
