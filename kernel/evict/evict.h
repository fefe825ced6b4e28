/* SPDX-License-Identifier: GPL-2.0 */
/* Eviction and swap-in, as commands and from the fault. */
#ifndef USM_EVICT_H
#define USM_EVICT_H

#include <linux/mm.h>

#include "usm.h"

struct usm_fault_ctx;
struct usm_instance;
struct usm_tag;

/* ---- evict.c ---------------------------------------------------------------- */

/*
 * usm_evict() - evict @nr entries, setting each one's .result; the caller's
 * copies.  Returns how many were, or -EINTR when a fatal signal came before
 * the first.  Sleeps.
 */
int usm_evict(struct usm_instance *instance, struct usm_evict_entry *entries,
	      u32 nr);

/* ---- swapin.c --------------------------------------------------------------- */

/*
 * usm_swapin_fault() - a fault on the marker of evicted page @id.  Runs in
 * place of the kernel's handling, under the same lock; as handle_mm_fault()
 * it has given the lock up when it returns VM_FAULT_RETRY.
 */
vm_fault_t usm_swapin_fault(struct usm_fault_ctx *ctx,
			    struct vm_area_struct *vma, unsigned long addr,
			    unsigned int flags, u32 id);

/* USM_IOC_SWAPIN for one page: errors as documented there. Sleeps. */
int usm_swapin(struct usm_instance *instance,
	       const struct usm_swapin_entry *entry);

/* ---- pages.c ---------------------------------------------------------------- */

/*
 * usm_pages() - one word for each of @pages->nr pages, see USM_IOC_PAGES.
 * Sleeps.
 */
int usm_pages(struct usm_instance *instance, const struct usm_pages *pages,
	      u64 *words);

#endif /* USM_EVICT_H */
