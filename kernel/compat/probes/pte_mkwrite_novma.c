// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/pgtable.h>

pte_t probe(pte_t entry);

pte_t probe(pte_t entry)
{
	return pte_mkwrite_novma(entry);
}
