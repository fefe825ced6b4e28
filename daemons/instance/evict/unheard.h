/* SPDX-License-Identifier: MIT */
/*
 * unheard.h - pages in frames that were given ahead, when the notices of their
 * use were lost.
 */
#ifndef USM_INSTANCE_EVICT_UNHEARD_H
#define USM_INSTANCE_EVICT_UNHEARD_H

#include "instance/evict/pager.h"

/*
 * Looks through the frames of the pool for pages that the pager does not know
 * of, which otherwise nobody would ever evict.  O(frames); the pager's thread.
 * Errors of asking the kernel.
 */
int usm_unheard_place(struct usm_pager *pager);

/*
 * This frame holds the page at addr of a member, and was not given by an
 * answer.
 */
void usm_unheard_used(struct usm_pager *pager, uint32_t frame, uint32_t member,
		      uint64_t addr);

#endif /* USM_INSTANCE_EVICT_UNHEARD_H */
