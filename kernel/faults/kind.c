// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>

#include "faults/fault.h"
#include "ptes/ptes.h"

/*
 * The answer may be stale; the kernel checks the entry again under its lock
 * and drops the page it got if it changed.
 */
enum usm_alloc_purpose usm_alloc_purpose(struct mm_struct *mm,
					 unsigned long addr)
{
	pte_t entry = usm_pte_read(mm, addr);

	if (pte_none(entry))
		return USM_ALLOC_MISSING;
	return pte_present(entry) ? USM_ALLOC_COPY : USM_ALLOC_OTHER;
}
