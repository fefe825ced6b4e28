/* SPDX-License-Identifier: MIT */
#include "alloc.h"

static uint32_t go_wrong(struct bad *bad)
{
	for (;;)
		*(volatile uint32_t *)&bad->last += 1;
	return bad->last;
}
BAD_ALLOC_POLICY("alloc-loops")
