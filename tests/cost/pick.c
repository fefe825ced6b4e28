/* SPDX-License-Identifier: MIT */
/*
 * pick WHAT N: N frames taken out of a worker's arena: "lowest", as first-fit
 * has it, or "scrap", from broken runs of the size of extent's.
 */
#include <stdlib.h>
#include <string.h>

#include "instance/arena/arena.h"

#define EXTENT_RUN_FRAMES 16
#define FRAMES 65536

int main(int argc, char **argv)
{
	static const struct usm_extent extent = { 0, FRAMES };
	struct usm_arena *arena;
	uint32_t i;
	long n;

	bool lowest;

	if (argc != 3)
		return 2;
	lowest = !strcmp(argv[1], "lowest");
	if (usm_arena_create(&extent, 1,
			     lowest ? USM_RUN_FRAMES_MAX : EXTENT_RUN_FRAMES,
			     &arena))
		return 2;
	n = strtol(argv[2], NULL, 10);
	for (i = 0; i < FRAMES; i++)
		usm_arena_give(arena, i);
	if (lowest) {
		while (n--)
			if (usm_arena_take_lowest(arena) == USM_FRAME_NONE)
				return 1;
	} else {
		for (i = 0; i < FRAMES; i += EXTENT_RUN_FRAMES)
			usm_arena_take(arena, i);
		while (n--)
			if (usm_arena_take_scrap(arena) == USM_FRAME_NONE)
				return 1;
	}
	usm_arena_destroy(arena);
	return 0;
}
