/* SPDX-License-Identifier: MIT */
#include "instance/evict/accessed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/frame_size.h"

#define USED (USM_PAGE_PRESENT | USM_PAGE_ACCESSED)

int usm_accessed_init(struct usm_accessed *accessed, uint32_t nr_frames)
{
	accessed->nr_frames = nr_frames;
	accessed->place = calloc(nr_frames, sizeof(*accessed->place));
	accessed->words = calloc(USM_PAGES_MAX, sizeof(*accessed->words));
	if (!accessed->place || !accessed->words) {
		usm_accessed_fini(accessed);
		return -ENOMEM;
	}
	return 0;
}

void usm_accessed_fini(struct usm_accessed *accessed)
{
	free(accessed->place);
	free(accessed->words);
	memset(accessed, 0, sizeof(*accessed));
}

void usm_accessed_place(struct usm_accessed *accessed, uint32_t frame,
			uint32_t member, uint64_t addr)
{
	accessed->place[frame].member = member;
	accessed->place[frame].addr = addr;
}

static void look_at(struct usm_accessed *accessed,
		    const struct usm_kernel *kernel,
		    const struct usm_range *range,
		    void (*tell)(void *ctx, uint32_t frame), void *ctx)
{
	uint32_t i;

	if (kernel->pages(kernel->ctx, range->member, range->addr, range->pages,
			  USM_PAGES_CLEAR_ACCESSED, accessed->words))
		return;
	for (i = 0; i < range->pages; i++) {
		uint64_t word = accessed->words[i];
		uint32_t frame = USM_PAGE_FRAME(word);

		if (frame >= accessed->nr_frames)
			continue;
		/* It may have been moved there since. */
		usm_accessed_place(accessed, frame, range->member,
				   range->addr +
					   ((uint64_t)i << USM_FRAME_SHIFT));
		if ((word & USED) == USED)
			tell(ctx, frame);
	}
}

void usm_accessed_look(struct usm_accessed *accessed,
		       const struct usm_kernel *kernel, const uint32_t *frames,
		       uint32_t nr, void (*tell)(void *ctx, uint32_t frame),
		       void *ctx)
{
	struct usm_place places[USM_ACCESSED_LOOK];
	struct usm_range ranges[USM_ACCESSED_LOOK];
	uint32_t known = 0, nr_ranges, i;

	for (i = 0; i < nr; i++)
		if (accessed->place[frames[i]].member)
			places[known++] = accessed->place[frames[i]];
	nr_ranges = usm_ranges_cover(places, known, ranges);
	for (i = 0; i < nr_ranges; i++)
		look_at(accessed, kernel, &ranges[i], tell, ctx);
}
