/* SPDX-License-Identifier: MIT */
#include "prefetch.h"

/* Not pages, not user's, the kernel's, the same twice, more than asked for. */
static uint32_t go_wrong(const struct bad *bad, const struct usm_fault *fault,
			 uint64_t *wants, uint32_t nr)
{
	const uint64_t lies[] = { fault->addr + 1, 0,
				  UINT64_MAX,	   0xffff888000000000,
				  fault->addr,	   fault->vma_end };
	uint32_t i;

	for (i = 0; i < nr; i++)
		wants[i] = lies[(i + bad->faults) %
				(sizeof(lies) / sizeof(lies[0]))];
	return bad->faults % 3 ? nr : 2 * nr + 1;
}
BAD_PREFETCH_POLICY("prefetch-lies")
