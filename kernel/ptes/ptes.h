/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Page-table entries: reading them without locks, putting pages into them, and
 * the markers that stand for evicted pages.
 *
 * A marker is an entry that is not present and that the kernel takes for
 * poisoned memory: forked, moved and dropped as any other, and an access that
 * nobody serves gets SIGBUS, never a page of zeroes.  It carries the number of
 * the evicted page, so the page table itself is the truth about what is where.
 */
#ifndef USM_PTES_H
#define USM_PTES_H

#include <linux/mm.h>

/* Numbers of evicted pages that fit into a marker, 0 is none. */
#define USM_MARKER_ID_MAX ((1U << 31) - 1)

enum usm_pmd {
	USM_PMD_NONE, /* no page table below */
	USM_PMD_TABLE,
	USM_PMD_LEAF, /* one large page */
};

/*
 * usm_pte_read() - the entry for @addr as it is right now, as GUP-fast reads
 * it; none where there is no page table, and for a large page at the upper
 * level.  Any context.
 */
pte_t usm_pte_read(struct mm_struct *mm, unsigned long addr);

/*
 * usm_ptes_missing() - which of @nr pages from @addr on, all in one page table,
 * have no entry: sets their bits in @missing.  All clear where there is no page
 * table.  As usm_pte_read().
 */
void usm_ptes_missing(struct mm_struct *mm, unsigned long addr, u32 nr,
		      unsigned long *missing);

/* Has none of them an entry?  Also where there is no page table. */
bool usm_ptes_all_missing(struct mm_struct *mm, unsigned long addr, u32 nr);

/*
 * usm_pmd_read() - what the upper level says. *leaf (may be NULL) gets the
 * entry of a large page.
 */
enum usm_pmd usm_pmd_read(struct mm_struct *mm, unsigned long addr,
			  pmd_t *leaf);

/*
 * usm_pmd_clear() - clear @bits (_PAGE_ACCESSED, _PAGE_DIRTY) of the large page
 * at @addr if there still is one.  The caller holds mmap_lock.
 */
void usm_pmd_clear(struct mm_struct *mm, unsigned long addr,
		   unsigned long bits);

/* The marker for evicted page @id, and back: 0 for any other entry. */
pte_t usm_marker(u32 id);
u32 usm_marker_id(pte_t entry);
/* A marker that lost its number in a fork: the kernel copies only the poison. */
bool usm_marker_bare(pte_t entry);

/*
 * usm_pte_set() - map @page at @ptep: rmap, counters, entry.
 * The caller holds the page table's lock, has seen what was there before, and
 * gives one reference of @page away.  The page is filled, and like new.
 */
void usm_pte_set(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep,
		 struct page *page);

/*
 * usm_pte_install() - the same where the entry for @addr still is @expected
 * (none, or a marker).  The caller keeps @vma from changing (its lock, or the
 * address space's) and takes the page's reference for it.
 * Returns -EAGAIN when the entry is another by now, -ENOMEM without a page
 * table, -EOPNOTSUPP where @vma cannot have anonymous pages yet.  Sleeps.
 */
int usm_pte_install(struct vm_area_struct *vma, unsigned long addr,
		    struct page *page, pte_t expected);

/*
 * usm_pte_change() - put @entry, not present, where @expected, not present
 * either, is.  Errors as above.  Sleeps.
 */
int usm_pte_change(struct mm_struct *mm, unsigned long addr, pte_t expected,
		   pte_t entry);

#endif /* USM_PTES_H */
