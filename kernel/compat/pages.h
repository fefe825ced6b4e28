/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel does with an ordinary page and has no exported function for:
 * mapping counts, LRU lists, memory cgroups, notifiers.
 */
#ifndef USM_PAGES_H
#define USM_PAGES_H

#include <linux/mm.h>
#include <linux/mmu_notifier.h>

/* Resolve the functions behind these. 0 or -ENOENT, logged. Sleeps. */
int usm_pages_init(void);

/*
 * Take away one mapping of small page @page, its count and statistics.  The
 * caller holds the page table's lock and keeps the reference.
 */
void usm_remove_rmap(struct page *page, struct vm_area_struct *vma);

/* All mappings of the folio, or -1 where that cannot be told. */
int usm_folio_mapcount(struct folio *folio);

/* Put a new page that @vma maps on the LRU lists. Under the same lock. */
void usm_add_lru(struct page *page, struct vm_area_struct *vma);

/* Account a new page to the cgroup of @mm: 0 or -ENOMEM. Sleeps. */
int usm_charge(struct page *page, struct mm_struct *mm, gfp_t gfp);

/* Drop a reference, and the page's place in swap if nobody needs it. */
void usm_free_page(struct page *page);

/*
 * Pages wait in lists of each processor before they reach the LRU, with a
 * reference: make them get there.  Sleeps.
 */
void usm_drain_lru(void);

/* Make small entries of a large one at the upper level. Sleeps. */
void usm_split_pmd(struct vm_area_struct *vma, unsigned long addr);

/*
 * Tell secondary page tables (KVM's) that @addr changes; the end only after a
 * begin with the same range.  Sleep.
 */
void usm_notify_begin(struct mmu_notifier_range *range,
		      struct vm_area_struct *vma, unsigned long addr);
void usm_notify_end(struct mmu_notifier_range *range);

#endif /* USM_PAGES_H */
