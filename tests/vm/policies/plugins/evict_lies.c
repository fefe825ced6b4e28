/* SPDX-License-Identifier: MIT */
#include "evict.h"

/* Frames that hold nothing, the same one twice, more than were asked for. */
static uint32_t go_wrong(struct bad *bad, uint32_t *victims, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		victims[i] = i % 2 ? 0x7fffffff : bad->choices % bad->nr;
	return bad->choices % 3 ? nr : 2 * nr;
}
BAD_EVICT_POLICY("evict-lies")
