// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>

void probe(struct mm_struct *mm, pte_t *ptep, pte_t entry);

/* Large anonymous folios at any order, mapped by page-table entries. */
void probe(struct mm_struct *mm, pte_t *ptep, pte_t entry)
{
	folio_set_large_rmappable(page_folio(pte_page(entry)));
	set_ptes(mm, 0, ptep, entry, 2);
}
