// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/pgtable.h>
#include <linux/swap.h>
#include <linux/swapops.h>

#include "compat/compat.h"
#include "compat/symbols.h"
#include "ptes/ptes.h"

/*
 * Looked up without locks, as GUP-fast does: with interrupts off no page
 * table is freed under us, because that waits for every CPU.
 */
static pmd_t read_pmd(struct mm_struct *mm, unsigned long addr)
{
	pgd_t pgd = READ_ONCE(*pgd_offset(mm, addr));
	p4d_t p4d;
	pud_t pud;

	if (pgd_none(pgd) || pgd_bad(pgd))
		return __pmd(0);
	p4d = READ_ONCE(*p4d_offset(&pgd, addr));
	if (p4d_none(p4d) || p4d_bad(p4d))
		return __pmd(0);
	pud = READ_ONCE(*pud_offset(&p4d, addr));
	if (pud_none(pud) || pud_bad(pud))
		return __pmd(0);
	return READ_ONCE(*pmd_offset(&pud, addr));
}

pte_t usm_pte_read(struct mm_struct *mm, unsigned long addr)
{
	pte_t entry = __pte(0);
	unsigned long flags;
	pmd_t pmd;

	local_irq_save(flags);
	pmd = read_pmd(mm, addr);
	if (!pmd_none(pmd) && !pmd_bad(pmd))
		entry = READ_ONCE(*pte_offset_kernel(&pmd, addr));
	local_irq_restore(flags);
	return entry;
}

void usm_ptes_missing(struct mm_struct *mm, unsigned long addr, u32 nr,
		      unsigned long *missing)
{
	unsigned long flags;
	pte_t *entry;
	pmd_t pmd;
	u32 i;

	bitmap_zero(missing, nr);
	local_irq_save(flags);
	pmd = read_pmd(mm, addr);
	if (!pmd_none(pmd) && !pmd_bad(pmd)) {
		entry = pte_offset_kernel(&pmd, addr);
		for (i = 0; i < nr; i++)
			if (pte_none(READ_ONCE(entry[i])))
				__set_bit(i, missing);
	}
	local_irq_restore(flags);
}

bool usm_ptes_all_missing(struct mm_struct *mm, unsigned long addr, u32 nr)
{
	bool missing = true;
	unsigned long flags;
	pte_t *entry;
	pmd_t pmd;
	u32 i;

	local_irq_save(flags);
	pmd = read_pmd(mm, addr);
	if (!pmd_none(pmd) && pmd_bad(pmd)) {
		missing = false;
	} else if (!pmd_none(pmd)) {
		entry = pte_offset_kernel(&pmd, addr);
		for (i = 0; i < nr && missing; i++)
			missing = pte_none(READ_ONCE(entry[i]));
	}
	local_irq_restore(flags);
	return missing;
}

enum usm_pmd usm_pmd_read(struct mm_struct *mm, unsigned long addr, pmd_t *leaf)
{
	unsigned long flags;
	pmd_t pmd;

	local_irq_save(flags);
	pmd = read_pmd(mm, addr);
	local_irq_restore(flags);
	if (pmd_none(pmd))
		return USM_PMD_NONE;
	if (!pmd_bad(pmd))
		return USM_PMD_TABLE;
	if (leaf)
		*leaf = pmd;
	return USM_PMD_LEAF;
}

void usm_pmd_clear(struct mm_struct *mm, unsigned long addr, unsigned long bits)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;
	spinlock_t *lock;

	if (pgd_none(*pgd) || pgd_bad(*pgd))
		return;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d) || p4d_bad(*p4d))
		return;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud) || pud_bad(*pud))
		return;
	pmd = pmd_offset(pud, addr);
	lock = pmd_lock(mm, pmd);
	/* The processor sets them without the lock: one by one. */
	if (pmd_present(*pmd) && pmd_bad(*pmd)) {
		if (bits & _PAGE_ACCESSED)
			clear_bit(_PAGE_BIT_ACCESSED, (unsigned long *)pmd);
		if (bits & _PAGE_DIRTY)
			clear_bit(_PAGE_BIT_DIRTY, (unsigned long *)pmd);
	}
	spin_unlock(lock);
}

/* ---- markers --------------------------------------------------------------- */

#ifdef HAVE_POISON_MARKER

/* Below the number stand the flags that say what kind of marker it is. */
#define ID_SHIFT 2

static swp_entry_t marker_entry(u32 id)
{
	return swp_entry(SWP_PTE_MARKER,
			 (pgoff_t)id << ID_SHIFT | PTE_MARKER_POISONED);
}

static bool is_marker(swp_entry_t entry)
{
	return is_pte_marker_entry(entry) &&
	       swp_offset(entry) & PTE_MARKER_POISONED;
}

#else

#define ID_SHIFT 0

static swp_entry_t marker_entry(u32 id)
{
	return swp_entry(SWP_SWAPIN_ERROR, id);
}

static bool is_marker(swp_entry_t entry)
{
	return is_swapin_error_entry(entry);
}

#endif

pte_t usm_marker(u32 id)
{
	return swp_entry_to_pte(marker_entry(id));
}

u32 usm_marker_id(pte_t entry)
{
	swp_entry_t swap;
	pgoff_t id;

	if (pte_none(entry) || pte_present(entry))
		return 0;
	swap = pte_to_swp_entry(entry);
	if (!is_marker(swap))
		return 0;
	id = swp_offset(swap) >> ID_SHIFT;
	return id <= USM_MARKER_ID_MAX ? id : 0;
}

bool usm_marker_bare(pte_t entry)
{
	return !pte_none(entry) && !pte_present(entry) &&
	       is_marker(pte_to_swp_entry(entry)) && usm_marker_id(entry) == 0;
}

/* ---- changing entries -------------------------------------------------------- */

void usm_pte_set(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep,
		 struct page *page)
{
	pte_t entry = mk_pte(page, vma->vm_page_prot);

	if (vma->vm_flags & VM_WRITE)
		entry = pte_mkwrite_novma(pte_mkdirty(entry));
	/* What was written to the page comes before the entry. */
	if (!PageUptodate(page))
		__SetPageUptodate(page);
	smp_wmb();
	usm_add_new_anon_rmap(page, vma, addr);
	usm_add_anon_rss(vma->vm_mm, 1);
	set_pte_at(vma->vm_mm, addr, ptep, entry);
}

struct change {
	struct vm_area_struct *vma;
	struct mm_struct *mm;
	struct page *page; /* to install; else .entry is to be put there */
	pte_t expected;
	pte_t entry;
};

static bool same(pte_t a, pte_t b)
{
	/* Bits that are set behind our back in entries that are not present. */
	return pte_none(a) ? pte_none(b)
			   : usm_marker_id(a) == usm_marker_id(b) &&
				     pte_present(a) == pte_present(b) &&
				     usm_marker_bare(a) == usm_marker_bare(b) &&
				     !pte_none(b);
}

/* Called with the page table's lock held. */
static int change_entry(pte_t *ptep, unsigned long addr, void *data)
{
	struct change *change = data;

	if (!same(change->expected, READ_ONCE(*ptep)))
		return -EAGAIN;
	if (change->page)
		usm_pte_set(change->vma, addr, ptep, change->page);
	else
		set_pte_at(change->mm, addr, ptep, change->entry);
	return 0;
}

static int apply(struct change *change, unsigned long addr)
{
	/* The walk complains about large pages, and would replace nothing. */
	if (usm_pmd_read(change->mm, addr, NULL) == USM_PMD_LEAF)
		return -EAGAIN;
	return apply_to_page_range(change->mm, addr, PAGE_SIZE, change_entry,
				   change);
}

int usm_pte_install(struct vm_area_struct *vma, unsigned long addr,
		    struct page *page, pte_t expected)
{
	struct change change = {
		.vma = vma,
		.mm = vma->vm_mm,
		.page = page,
		.expected = expected,
	};

	if (!vma->anon_vma)
		return -EOPNOTSUPP;
	return apply(&change, addr);
}

int usm_pte_change(struct mm_struct *mm, unsigned long addr, pte_t expected,
		   pte_t entry)
{
	struct change change = {
		.mm = mm,
		.expected = expected,
		.entry = entry,
	};

	return apply(&change, addr);
}
