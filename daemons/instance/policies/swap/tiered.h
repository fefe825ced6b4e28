/* SPDX-License-Identifier: MIT */
/*
 * tiered.h - the swap device "tiered": packed pages in memory (compressed.h)
 * first, what does not fit or lies there longest in a file (file.h).
 *
 * Both have every slot.  A page is in memory if that has its slot, else in the
 * file: it is written to the file before memory forgets it, so a daemon that is
 * killed leaves it in one of them.
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_TIERED_H
#define USM_INSTANCE_POLICIES_SWAP_TIERED_H

#include <stdbool.h>

#include "instance/failure.h"
#include "instance/policies/swap/device.h"

/*
 * Puts them together: a compressed store that was opened as an upper tier, and
 * a file with as many slots.  Both belong to *out from here on, which is the
 * caller's; on failure they are as they were.  ENOMEM.
 */
int usm_swap_tiered_create(const struct usm_swap_device *memory,
			   const struct usm_swap_device *file,
			   struct usm_swap_device *out);

#endif /* USM_INSTANCE_POLICIES_SWAP_TIERED_H */
