// SPDX-License-Identifier: GPL-2.0
#include <linux/mmu_notifier.h>

void probe(struct mmu_notifier_range *range, struct vm_area_struct *vma);

void probe(struct mmu_notifier_range *range, struct vm_area_struct *vma)
{
	range->vma = vma;
}
