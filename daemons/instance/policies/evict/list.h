/* SPDX-License-Identifier: MIT */
/*
 * list.h - frames in an order, each taken out or added in O(1).
 *
 * A list is linked through an array with a place for every frame, which several
 * lists may share if a frame is in one of them at a time.  Who is in which list
 * is the caller's to know: a frame to be taken must be in the list, one to be
 * added in none.  Zeroed lists and arrays are empty.
 */
#ifndef USM_INSTANCE_POLICIES_EVICT_LIST_H
#define USM_INSTANCE_POLICIES_EVICT_LIST_H

#include <stdint.h>

#include "usm.h"

/* Neighbours: frame + 1; 0: none. */
struct usm_frame_link {
	uint32_t older, newer;
};

struct usm_frame_list {
	uint32_t oldest, newest; /* frame + 1; 0: none */
	uint32_t nr;
};

/* Adds a frame at the newest end. */
static inline void usm_frame_list_add(struct usm_frame_list *list,
				      struct usm_frame_link *links,
				      uint32_t frame)
{
	links[frame] = (struct usm_frame_link){ .older = list->newest };
	if (list->newest)
		links[list->newest - 1].newer = frame + 1;
	else
		list->oldest = frame + 1;
	list->newest = frame + 1;
	list->nr++;
}

/* Takes a frame out. */
static inline void usm_frame_list_take(struct usm_frame_list *list,
				       struct usm_frame_link *links,
				       uint32_t frame)
{
	const struct usm_frame_link *link = &links[frame];

	if (link->older)
		links[link->older - 1].newer = link->newer;
	else
		list->oldest = link->newer;
	if (link->newer)
		links[link->newer - 1].older = link->older;
	else
		list->newest = link->older;
	list->nr--;
}

/* The ends, and neighbours; USM_FRAME_NONE (all ones) when there is none. */
static inline uint32_t usm_frame_list_oldest(const struct usm_frame_list *list)
{
	return list->oldest - 1;
}

static inline uint32_t usm_frame_list_newest(const struct usm_frame_list *list)
{
	return list->newest - 1;
}

static inline uint32_t usm_frame_list_newer(const struct usm_frame_link *links,
					    uint32_t frame)
{
	return links[frame].newer - 1;
}

static inline uint32_t usm_frame_list_older(const struct usm_frame_link *links,
					    uint32_t frame)
{
	return links[frame].older - 1;
}

/*
 * Writes the `nr` oldest, oldest first, or all if there are fewer.  How many.
 */
static inline uint32_t usm_frame_list_copy(const struct usm_frame_list *list,
					   const struct usm_frame_link *links,
					   uint32_t *frames, uint32_t nr)
{
	uint32_t frame = usm_frame_list_oldest(list), i;

	for (i = 0; i < nr && frame != USM_FRAME_NONE; i++) {
		frames[i] = frame;
		frame = usm_frame_list_newer(links, frame);
	}
	return i;
}

_Static_assert(USM_FRAME_NONE == UINT32_MAX, "0 - 1 is none");

#endif /* USM_INSTANCE_POLICIES_EVICT_LIST_H */
