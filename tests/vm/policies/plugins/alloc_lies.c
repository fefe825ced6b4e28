/* SPDX-License-Identifier: MIT */
#include "alloc.h"

/* One that is in use, one of others, one that does not exist, and none. */
static uint32_t go_wrong(struct bad *bad)
{
	switch (bad->picks % 5) {
	case 0:
		return bad->last;
	case 1:
		return 0;
	case 2:
		return 0x7fffffff;
	case 3:
		return USM_FRAME_NONE;
	}
	bad->last = usm_arena_take_lowest(bad->arena);
	return bad->last;
}
BAD_ALLOC_POLICY("alloc-lies")
