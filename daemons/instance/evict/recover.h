/* SPDX-License-Identifier: MIT */
/*
 * recover.h - what a daemon that takes an instance over has to know of pages.
 *
 * All of it is in the kernel: which pages are out and under which cookies, so
 * in which slots; which of them were not stored yet, their frames still hold
 * them; and which frames hold pages.
 */
#ifndef USM_INSTANCE_EVICT_RECOVER_H
#define USM_INSTANCE_EVICT_RECOVER_H

#include <stdbool.h>

#include "instance/evict/pager.h"
#include "instance/failure.h"
#include "instance/kernel.h"

/*
 * Brings a new pager (NULL: there is no swap) to the state its predecessor
 * left.  fresh: the swap device holds nothing of this instance's life, so a
 * page that is said to be there is lost, and this fails rather than going on
 * with wrong data; likewise with pages out and no swap.
 */
int usm_recover(struct usm_pager *pager, const struct usm_kernel *kernel,
		const struct usm_extent *extents, uint32_t nr_extents,
		bool fresh, struct usm_failure *failure);

#endif /* USM_INSTANCE_EVICT_RECOVER_H */
