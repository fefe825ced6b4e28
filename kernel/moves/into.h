/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What sweeps into frames of a partition share; their .data is the tag of the
 * address space, with the instance.
 */
#ifndef USM_INTO_H
#define USM_INTO_H

#include <linux/mm.h>

#include "moves/sweep.h"

/* Private memory of any kind. */
bool usm_into_private(const struct usm_sweep *sweep,
		      const struct vm_area_struct *vma);
/* A FREE frame, used on behalf of the tag; -ENOSPC. */
struct page *usm_into_frame(struct usm_sweep *sweep, struct vm_area_struct *vma,
			    unsigned long addr);
/* The policy is told, as of frames that were granted ahead. */
void usm_into_placed(struct usm_sweep *sweep, struct page *page,
		     unsigned long addr);
/* It comes home like any other. */
void usm_into_unused(struct usm_sweep *sweep, struct page *page);

#endif /* USM_INTO_H */
