/* SPDX-License-Identifier: MIT */
/*
 * grant.h - grants ranges beside a fault.
 */
#ifndef USM_INSTANCE_AHEAD_GRANT_H
#define USM_INSTANCE_AHEAD_GRANT_H

#include "instance/ahead/ahead_parts.h"

/*
 * Asks the policy whether pages beside the fault are to have frames, and grants
 * them; with the lock held.
 */
void usm_grant_beside(struct usm_ahead_worker *worker,
		      const struct usm_fault *fault, uint32_t frame);

#endif /* USM_INSTANCE_AHEAD_GRANT_H */
