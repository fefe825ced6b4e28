/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Long-term pins of members' memory (RDMA, io_uring fixed buffers, VFIO).
 *
 * Before it pins for long, the kernel moves pages out of CMA areas.  Frames
 * cannot be moved, and it would try for ever.  A frame that is pinned simply
 * stays out, so a pin of private memory is made an ordinary one.
 */
#ifndef USM_PINS_H
#define USM_PINS_H

#include "hooks/hook.h"

extern struct usm_hook usm_pin_fast_hook;
extern struct usm_hook usm_pin_hook;
extern struct usm_hook usm_pin_remote_hook;

#endif /* USM_PINS_H */
