/* SPDX-License-Identifier: MIT */
#include "instance/ahead/ranges.h"

#include <string.h>

#include "common/frame_size.h"

static bool meets(const struct usm_range *range, uint64_t addr, uint32_t frames)
{
	return addr < range->addr + range->frames * USM_FRAME_BYTES &&
	       range->addr < addr + frames * USM_FRAME_BYTES;
}

bool usm_ranges_overlap(const struct usm_ranges *ranges, uint32_t member,
			uint64_t addr, uint32_t frames)
{
	uint32_t i;

	for (i = 0; i < ranges->nr; i++)
		if (ranges->at[i].member == member &&
		    meets(&ranges->at[i], addr, frames))
			return true;
	return false;
}

void usm_ranges_add(struct usm_ranges *ranges, const struct usm_range *range)
{
	ranges->at[ranges->nr++] = *range;
}

static void forget(struct usm_ranges *ranges, uint32_t i)
{
	ranges->nr--;
	memmove(&ranges->at[i], &ranges->at[i + 1],
		(ranges->nr - i) * sizeof(ranges->at[0]));
}

void usm_ranges_used(struct usm_ranges *ranges, uint32_t frame, uint32_t nr)
{
	uint32_t i = ranges->nr;

	/* The latest is the likeliest. */
	while (i--) {
		struct usm_range *range = &ranges->at[i];

		if (frame - range->first >= range->frames)
			continue;
		range->used += nr;
		if (range->used >= range->frames)
			forget(ranges, i);
		return;
	}
}

bool usm_ranges_take_oldest(struct usm_ranges *ranges, struct usm_range *out)
{
	if (!ranges->nr)
		return false;
	*out = ranges->at[0];
	forget(ranges, 0);
	return true;
}

void usm_ranges_drop(struct usm_ranges *ranges, uint32_t member)
{
	uint32_t i = ranges->nr;

	while (i--)
		if (ranges->at[i].member == member)
			forget(ranges, i);
}
