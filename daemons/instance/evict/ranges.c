/* SPDX-License-Identifier: MIT */
#include "instance/evict/ranges.h"

#include <stdbool.h>
#include <stdlib.h>

#include "common/frame_size.h"
#include "usm.h"

static int compare(const void *a, const void *b)
{
	const struct usm_place *x = a, *y = b;

	if (x->member != y->member)
		return x->member < y->member ? -1 : 1;
	return (x->addr > y->addr) - (x->addr < y->addr);
}

/* Does the place belong to the range, stretched to it? */
static bool joins(const struct usm_range *range, const struct usm_place *place)
{
	uint64_t at = (place->addr - range->addr) >> USM_FRAME_SHIFT;

	return place->member == range->member && at < USM_PAGES_MAX &&
	       at <= range->pages + (uint64_t)USM_RANGE_GAP;
}

uint32_t usm_ranges_cover(struct usm_place *places, uint32_t nr,
			  struct usm_range *out)
{
	uint32_t ranges = 0, i;

	qsort(places, nr, sizeof(*places), compare);
	for (i = 0; i < nr; i++) {
		struct usm_range *last = ranges ? &out[ranges - 1] : NULL;

		if (!last || !joins(last, &places[i])) {
			last = &out[ranges++];
			last->addr = places[i].addr;
			last->member = places[i].member;
		}
		last->pages = (uint32_t)((places[i].addr - last->addr) >>
					 USM_FRAME_SHIFT) +
			      1;
	}
	return ranges;
}
