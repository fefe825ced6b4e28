// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/find.h>

#include "frames/frames.h"
#include "pool/pool.h"

/*
 * Partitions start where a 2 MiB page could, when there is room to: large
 * pages are made of aligned runs.
 */
#define PARTITION_ALIGN_FRAMES 512

static int reserve(struct usm_runs *runs, u32 first, u32 frames)
{
	int err = usm_runs_add(runs, first, frames);

	if (err)
		return err;
	bitmap_set(usm_pool.used, first, frames);
	usm_pool.free -= frames;
	return 0;
}

static bool carve_whole(struct usm_runs *runs, u32 frames)
{
	/* Alignment is physical, so the pool's own offset comes into it. */
	unsigned long offset = usm_pool.base_pfn % PARTITION_ALIGN_FRAMES;
	unsigned long first;

	first = bitmap_find_next_zero_area_off(
		usm_pool.used, usm_pool.frames, 0, frames,
		PARTITION_ALIGN_FRAMES - 1, offset);
	if (first >= usm_pool.frames)
		first = bitmap_find_next_zero_area(
			usm_pool.used, usm_pool.frames, 0, frames, 0);
	if (first >= usm_pool.frames)
		return false;
	return !reserve(runs, first, frames);
}

int usm_partition_carve(struct usm_runs *runs, u32 frames, u32 *left)
{
	unsigned long start, end = 0;

	lockdep_assert_held(&usm_instances_lock);
	if (frames > usm_pool.free)
		goto err_space;
	if (carve_whole(runs, frames))
		return 0;

	while (runs->frames < frames) {
		start = find_next_zero_bit(usm_pool.used, usm_pool.frames, end);
		if (start >= usm_pool.frames)
			break;
		end = find_next_bit(usm_pool.used, usm_pool.frames, start);
		end = min_t(unsigned long, end, start + frames - runs->frames);
		if (reserve(runs, start, end - start))
			break;
	}
	if (runs->frames == frames)
		return 0;

	usm_partition_uncarve(runs);
err_space:
	*left = usm_pool.free;
	return -ENOSPC;
}

void usm_partition_carve_next(struct usm_runs *runs, u32 after, u32 frames)
{
	unsigned long end;

	lockdep_assert_held(&usm_instances_lock);
	if (after >= usm_pool.frames)
		return;
	end = find_next_bit(usm_pool.used, usm_pool.frames, after);
	reserve(runs, after, min_t(unsigned long, end - after, frames));
}

void usm_partition_uncarve(struct usm_runs *runs)
{
	u32 i;

	lockdep_assert_held(&usm_instances_lock);
	for (i = 0; i < runs->nr; i++)
		bitmap_clear(usm_pool.used, runs->at[i].first,
			     runs->at[i].frames);
	usm_pool.free += runs->frames;
	runs->nr = 0;
	runs->frames = 0;
}

void usm_partition_scrub(const struct usm_runs *runs)
{
	u32 i;

	for (i = 0; i < runs->nr; i++)
		usm_frames_scrub(runs->at[i].first, runs->at[i].frames);
}

void usm_partition_assign(struct usm_instance *instance,
			  const struct usm_runs *runs)
{
	u32 i;

	for (i = 0; i < runs->nr; i++)
		usm_frames_assign(instance, runs->at[i].first,
				  runs->at[i].frames);
}

static void take_back(struct usm_instance *instance, struct usm_runs *runs)
{
	u32 i;

	for (i = 0; i < runs->nr; i++)
		usm_frames_take_back(instance, runs->at[i].first,
				     runs->at[i].frames);
	runs->nr = 0;
	runs->frames = 0;
}

void usm_partition_give_back(struct usm_instance *instance)
{
	take_back(instance, &instance->runs);
	take_back(instance, &instance->leaving);
}

bool usm_partition_next(const struct usm_instance *instance, u32 from,
			struct usm_extent *out)
{
	struct usm_extent other;
	bool found = usm_runs_next(&instance->runs, from, out);

	if (usm_runs_next(&instance->leaving, from, &other) &&
	    (!found || other.first < out->first)) {
		*out = other;
		found = true;
	}
	return found;
}
