// SPDX-License-Identifier: GPL-2.0
#include <linux/highmem.h>
#include <linux/ksm.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pgtable.h>

#include "compat/compat.h"
#include "compat/pages.h"
#include "compat/symbols.h"
#include "pool/pool.h"
#include "ptes/replace.h"

bool usm_page_alone(struct page *page)
{
	struct folio *folio = page_folio(page);
	int expected = usm_folio_mapcount(folio);

	if (!PageAnon(page) || PageKsm(page) || PageHWPoison(page))
		return false;
	if (expected < 0 || atomic_read(&page->_mapcount) != 0)
		return false;
	if (usm_pool_contains(page))
		expected += 1; /* ours */
	if (folio_test_swapcache(folio))
		expected += folio_nr_pages(folio);
	return folio_ref_count(folio) == expected;
}

bool usm_pte_replaceable(const struct vm_area_struct *vma, struct page *page)
{
	return vma->anon_vma && !(vma->vm_flags & USM_VM_UFFD) &&
	       usm_page_alone(page);
}

/*
 * What points to the page table for @addr, or NULL.  With mmap_lock held the
 * page tables of a mapping that has anonymous pages are not freed; a large
 * page may still be split into one, but not the other way round.
 */
static pmd_t *find_table(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	if (pgd_none(*pgd) || pgd_bad(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d) || p4d_bad(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud) || pud_bad(*pud))
		return NULL;
	pmd = pmd_offset(pud, addr);
	if (pmd_none(READ_ONCE(*pmd)) || pmd_bad(READ_ONCE(*pmd)))
		return NULL;
	return pmd;
}

static bool maps(pte_t entry, const struct page *page)
{
	return pte_present(entry) && !pte_special(entry) &&
	       pte_pfn(entry) == page_to_pfn(page);
}

/* Under the lock of the page table. */
static int swap_pages(struct vm_area_struct *vma, unsigned long addr,
		      pte_t *ptep, struct page *old, struct page *fresh,
		      bool lru)
{
	struct mm_struct *mm = vma->vm_mm;
	pte_t entry;

	if (!maps(READ_ONCE(*ptep), old))
		return -EAGAIN;
	if (!usm_page_alone(old))
		return -EBUSY;

	/*
	 * A pin without locks takes its reference first and then looks at the
	 * entry again: it is seen below, or sees that the entry has gone.
	 */
	entry = ptep_get_and_clear(mm, addr, ptep);
	if (!usm_page_alone(old)) {
		set_pte_at(mm, addr, ptep, entry);
		return -EBUSY;
	}
	usm_flush_tlb_range(mm, addr, addr + PAGE_SIZE);

	copy_highpage(fresh, old);
	/* What was written to the page comes before the entry. */
	__SetPageUptodate(fresh);
	usm_add_new_anon_rmap(fresh, vma, addr);
	if (lru)
		usm_add_lru(fresh, vma);
	/* Its protection and marks stay as they were. */
	set_pte_at(mm, addr, ptep,
		   pfn_pte(page_to_pfn(fresh), pte_pgprot(entry)));
	usm_remove_rmap(old, vma);
	return 0;
}

int usm_pte_replace(struct vm_area_struct *vma, unsigned long addr,
		    struct page *old, struct page *fresh, bool lru)
{
	struct mm_struct *mm = vma->vm_mm;
	struct mmu_notifier_range range;
	spinlock_t *lock;
	int err = -EAGAIN;
	pmd_t *pmd;

	mmap_assert_locked(mm);
	usm_notify_begin(&range, vma, addr);
	pmd = find_table(mm, addr);
	if (pmd) {
		lock = pte_lockptr(mm, pmd);
		spin_lock(lock);
		err = swap_pages(vma, addr, pte_offset_kernel(pmd, addr), old,
				 fresh, lru);
		spin_unlock(lock);
	}
	usm_notify_end(&range);
	return err;
}
