/* SPDX-License-Identifier: MIT */
#include "alloc.h"

static uint32_t go_wrong(struct bad *bad)
{
	const uint32_t *volatile nowhere = NULL;

	(void)bad;
	return *nowhere;
}
BAD_ALLOC_POLICY("alloc-crashes")
