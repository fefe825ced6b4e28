/* SPDX-License-Identifier: MIT */
#include "prefetch.h"

static uint32_t go_wrong(const struct bad *bad, const struct usm_fault *fault,
			 uint64_t *wants, uint32_t nr)
{
	const uint32_t *volatile nowhere = (const uint32_t *)8;

	(void)bad, (void)fault, (void)wants;
	return nr / *nowhere;
}
BAD_PREFETCH_POLICY("prefetch-crashes")
