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

static void reserve(struct usm_instance *instance, u32 first, u32 frames)
{
	bitmap_set(usm_pool.used, first, frames);
	usm_pool.free -= frames;
	instance->extents[instance->nr_extents].first = first;
	instance->extents[instance->nr_extents].frames = frames;
	instance->nr_extents++;
	instance->nr_frames += frames;
}

static bool carve_whole(struct usm_instance *instance, u32 frames)
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
	reserve(instance, first, frames);
	return true;
}

int usm_partition_carve(struct usm_instance *instance, u32 frames, u32 *left)
{
	unsigned long start, end = 0;

	lockdep_assert_held(&usm_instances_lock);
	if (frames > usm_pool.free)
		goto err_space;
	if (carve_whole(instance, frames))
		return 0;

	while (instance->nr_frames < frames &&
	       instance->nr_extents < USM_EXTENTS_MAX) {
		start = find_next_zero_bit(usm_pool.used, usm_pool.frames, end);
		if (start >= usm_pool.frames)
			break;
		end = find_next_bit(usm_pool.used, usm_pool.frames, start);
		end = min_t(unsigned long, end,
			    start + frames - instance->nr_frames);
		reserve(instance, start, end - start);
	}
	if (instance->nr_frames == frames)
		return 0;

	usm_partition_uncarve(instance);
err_space:
	*left = usm_pool.free;
	return -ENOSPC;
}

void usm_partition_uncarve(struct usm_instance *instance)
{
	u32 i;

	lockdep_assert_held(&usm_instances_lock);
	for (i = 0; i < instance->nr_extents; i++)
		bitmap_clear(usm_pool.used, instance->extents[i].first,
			     instance->extents[i].frames);
	usm_pool.free += instance->nr_frames;
	instance->nr_extents = 0;
	instance->nr_frames = 0;
}

void usm_partition_hand_over(struct usm_instance *instance)
{
	u32 i;

	for (i = 0; i < instance->nr_extents; i++)
		usm_frames_hand_over(instance, instance->extents[i].first,
				     instance->extents[i].frames);
}

/* Bad memory is not given to anyone again. */
static void keep_bad_frames(const struct usm_extent *extent)
{
	u32 i;

	for (i = extent->first; i < extent->first + extent->frames; i++) {
		if (usm_frame(i)->state != USM_FRAME_QUARANTINED)
			continue;
		__set_bit(i, usm_pool.used);
		usm_pool.free--;
	}
}

void usm_partition_give_back(struct usm_instance *instance)
{
	u32 nr_extents = instance->nr_extents;
	u32 i;

	for (i = 0; i < nr_extents; i++)
		usm_frames_take_back(instance, instance->extents[i].first,
				     instance->extents[i].frames);
	usm_partition_uncarve(instance);
	for (i = 0; i < nr_extents; i++)
		keep_bad_frames(&instance->extents[i]);
}
