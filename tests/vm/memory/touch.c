/* SPDX-License-Identifier: MIT */
/* Written and read back by one thread. */
#include <string.h>

#include "lib/check.h"
#include "lib/pagemap.h"
#include "memory/scenario.h"

/* Of each pair of neighbours few are torn apart by other faults in between. */
#define ADJACENT_PERCENT 95

#define STEP_WRITTEN 1

static int touch(struct child *self, void *arg)
{
	const struct scene *scene = arg;
	size_t pages = scene->pages, bad;
	void *buffer = pattern_map(pages * PAGE_BYTES);

	self->shared->word[WORD_BUFFER] = (uintptr_t)buffer;
	/* Reads of fresh memory are the kernel's zero page. */
	bad = pattern_nonzero(buffer, 0, pages / 16);
	pattern_fill(buffer, 0, pages, 1, 1);
	child_stop_at(self, STEP_WRITTEN);
	bad += pattern_bad(buffer, 0, pages, 1, 1);
	return bad != 0;
}

static void look_at_frames(const struct scene *scene, struct child *child)
{
	struct partition partition;
	struct placement place;
	struct pages present;
	uint64_t start;

	require(child_reached(child, STEP_WRITTEN), "touch: writes %zu MiB",
		scene->pages * PAGE_BYTES / MIB);
	start = child->shared->word[WORD_BUFFER];
	require(!pages_read_range(child->pid, start,
				  start + scene->pages * PAGE_BYTES,
				  &present) &&
			!partition_read(scene->instance->pid, &partition),
		"touch: pagemap and partition can be read");
	pages_place(&present, &partition, &place);
	check_eq(present.nr, scene->pages, "touch: every page is present");
	check_eq(place.foreign, 0, "touch: no frame of another owner");
	check_eq(place.twice, 0, "touch: no frame twice");
	check_compare(place.own * 100, >=, scene->pages * ADJACENT_PERCENT,
		      "touch: the pages are in the partition");
	if (!strcmp(scene->policy, "extent"))
		check_compare(pages_adjacent(&present) * 100, >=,
			      (scene->pages - 1) * ADJACENT_PERCENT,
			      "extent: adjacent pages have adjacent frames");
	pages_free(&present);
	partition_free(&partition);
	child_let(child, STEP_WRITTEN);
}

const struct scenario scenario_touch = { "touch", false, touch,
					 look_at_frames };

static int whole(struct child *self, void *arg)
{
	const struct scene *scene = arg;
	volatile char *buffer = pattern_map(scene->pages * PAGE_BYTES);
	size_t i;

	(void)self;
	for (i = 0; i < scene->pages; i++)
		buffer[i * PAGE_BYTES] = (char)(i % 127);
	for (i = 0; i < scene->pages; i++)
		if (buffer[i * PAGE_BYTES] != (char)(i % 127))
			return 1;
	return 0;
}

const struct scenario scenario_whole = { "whole partition", false, whole,
					 NULL };
