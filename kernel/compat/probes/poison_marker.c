// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/swap.h>
#include <linux/swapops.h>

swp_entry_t probe(void);

swp_entry_t probe(void)
{
	return make_pte_marker_entry(PTE_MARKER_POISONED);
}
