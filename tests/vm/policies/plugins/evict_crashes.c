/* SPDX-License-Identifier: MIT */
#include "evict.h"

static uint32_t go_wrong(struct bad *bad, uint32_t *victims, uint32_t nr)
{
	const uint32_t *volatile nowhere = (const uint32_t *)8;

	(void)bad;
	(void)victims;
	return nr / *nowhere;
}
BAD_EVICT_POLICY("evict-crashes")
