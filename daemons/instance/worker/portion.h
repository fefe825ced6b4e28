/* SPDX-License-Identifier: MIT */
/*
 * portion.h - moves frames between a worker's own arena and the shared one.
 *
 * Called by the worker whose frames they are.  Whole runs travel whole where
 * they can.
 */
#ifndef USM_INSTANCE_WORKER_PORTION_H
#define USM_INSTANCE_WORKER_PORTION_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/arena/shared.h"
#include "instance/policies/alloc/checked.h"

/*
 * Takes up to nr frames out of the shared arena, makes them the worker's own
 * and hands each to take(ctx, frame), which puts it into stock.  Whole runs if
 * the policy wants runs of more than one frame, else scraps first.  Returns how
 * many.
 */
uint32_t usm_portion_fetch(struct usm_shared_arena *shared, unsigned int worker,
			   struct usm_checked_alloc *frames, uint32_t nr,
			   void (*take)(void *ctx, uint32_t frame), void *ctx);

/*
 * Gives up to nr frames in stock to the shared arena: whole runs first, the
 * highest first, so that what stays is packed.  set_aside: when the arena has
 * too few, also what the policy keeps back for some purpose.  Returns how many.
 */
uint32_t usm_portion_return(struct usm_shared_arena *shared,
			    unsigned int worker,
			    struct usm_checked_alloc *frames, uint32_t nr,
			    bool set_aside);

#endif /* USM_INSTANCE_WORKER_PORTION_H */
