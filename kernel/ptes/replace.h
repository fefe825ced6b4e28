/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Another page in the place of one that is mapped, with the same content, while
 * the process runs: in one hold of the page table's lock the entry is cleared,
 * the page seen to be nobody else's, copied, and the new one put in its place.
 * Faults, pins and signals of other threads only ever meet one of both.
 */
#ifndef USM_REPLACE_H
#define USM_REPLACE_H

#include <linux/mm.h>

/*
 * usm_page_alone() - has @page, anonymous and mapped once, no users besides the
 * page table that it is in?  A hint unless the page table's lock is held with
 * the entry cleared.
 */
bool usm_page_alone(struct page *page);

/*
 * usm_pte_replaceable() - may usm_pte_replace() be tried with @page there?
 * Not where a userfaultfd handler would be told of the moment without an
 * entry.
 */
bool usm_pte_replaceable(const struct vm_area_struct *vma, struct page *page);

/*
 * usm_pte_replace() - @fresh in the place of @old at @addr of @vma.
 * @fresh: like new and not mapped; its one reference becomes the mapping's
 * @lru: put @fresh on the LRU lists, as the kernel does with its own pages
 *
 * The caller holds mmap_lock and has asked the above.  On success the mapping's reference of @old is
 * the caller's to drop.  Otherwise nothing has changed: -EAGAIN, the entry is
 * not @old's any more; -EBUSY, others use the page.  Sleeps.
 */
int usm_pte_replace(struct vm_area_struct *vma, unsigned long addr,
		    struct page *old, struct page *fresh, bool lru);

#endif /* USM_REPLACE_H */
