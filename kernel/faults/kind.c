// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "faults/fault.h"

/*
 * Looked up without locks, as GUP-fast does: with interrupts off no page
 * table is freed under us, because that waits for every CPU.  The answer may
 * be stale; the kernel checks the entry again under its lock and drops the
 * page it got if it changed.
 */
static pte_t read_entry(struct mm_struct *mm, unsigned long addr)
{
	pgd_t pgd = READ_ONCE(*pgd_offset(mm, addr));
	p4d_t p4d;
	pud_t pud;
	pmd_t pmd;

	if (pgd_none(pgd) || pgd_bad(pgd))
		return __pte(0);
	p4d = READ_ONCE(*p4d_offset(&pgd, addr));
	if (p4d_none(p4d) || p4d_bad(p4d))
		return __pte(0);
	pud = READ_ONCE(*pud_offset(&p4d, addr));
	if (pud_none(pud) || pud_bad(pud))
		return __pte(0);
	pmd = READ_ONCE(*pmd_offset(&pud, addr));
	if (pmd_none(pmd) || pmd_bad(pmd))
		return __pte(0);
	return READ_ONCE(*pte_offset_kernel(&pmd, addr));
}

enum usm_alloc_purpose usm_alloc_purpose(struct mm_struct *mm,
					 unsigned long addr)
{
	unsigned long flags;
	pte_t entry;

	local_irq_save(flags);
	entry = read_entry(mm, addr);
	local_irq_restore(flags);

	if (pte_none(entry))
		return USM_ALLOC_MISSING;
	return pte_present(entry) ? USM_ALLOC_COPY : USM_ALLOC_OTHER;
}
