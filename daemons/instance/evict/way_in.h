/* SPDX-License-Identifier: MIT */
/*
 * way_in.h - pages on their way back into frames, beside what pager.h says of
 * it.  The pager's thread.
 */
#ifndef USM_INSTANCE_EVICT_WAY_IN_H
#define USM_INSTANCE_EVICT_WAY_IN_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/evict/pager.h"

/* Is the slot being read?  It is not to be stored to then. */
bool usm_way_in_is_loading(const struct usm_pager *pager, uint32_t slot);

#endif /* USM_INSTANCE_EVICT_WAY_IN_H */
