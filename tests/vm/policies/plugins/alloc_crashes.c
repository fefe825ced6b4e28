/* SPDX-License-Identifier: MIT */
#include "alloc.h"

static uint32_t go_wrong(struct bad *bad)
{
	const uint32_t *volatile nowhere = (const uint32_t *)8;

	(void)bad;
	return *nowhere;
}
BAD_ALLOC_POLICY("alloc-crashes")
