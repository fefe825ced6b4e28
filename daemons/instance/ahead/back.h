/* SPDX-License-Identifier: MIT */
/*
 * back.h - takes back what was given ahead and not used.
 */
#ifndef USM_INSTANCE_AHEAD_BACK_H
#define USM_INSTANCE_AHEAD_BACK_H

#include "instance/ahead/ahead_parts.h"

/*
 * Everything, or what is left of one range; with the lock held.  The frames go
 * into the stock of the worker, which is the caller, or to whose they are.
 * Returns how many.
 */
uint32_t usm_back_all(struct usm_ahead_worker *worker);
uint32_t usm_back_range(struct usm_ahead_worker *worker,
			const struct usm_range *range);

#endif /* USM_INSTANCE_AHEAD_BACK_H */
