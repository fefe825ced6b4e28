/* SPDX-License-Identifier: MIT */
#include "instance/arena/span.h"

#include <errno.h>

int usm_span_of(const struct usm_extent *extents, unsigned int nr_extents,
		struct usm_span *out)
{
	uint64_t first = UINT64_MAX, end = 0;
	unsigned int i;

	if (!nr_extents)
		return -EINVAL;
	for (i = 0; i < nr_extents; i++) {
		uint64_t from = extents[i].first;
		uint64_t to = from + extents[i].frames;

		if (from == to || to > USM_FRAME_NONE)
			return -EINVAL;
		if (from < first)
			first = from;
		if (to > end)
			end = to;
	}
	out->base = (uint32_t)first & ~63U;
	out->frames = (uint32_t)((end - out->base + 63) & ~63ULL);
	return 0;
}

int usm_span_mark(const struct usm_span *span, const struct usm_extent *extents,
		  unsigned int nr_extents, uint64_t *words, uint32_t *nr)
{
	uint32_t marked = 0, i;
	unsigned int e;

	for (e = 0; e < nr_extents; e++) {
		for (i = 0; i < extents[e].frames; i++) {
			uint32_t at = extents[e].first + i - span->base;
			uint64_t bit = 1ULL << (at % 64);

			if (words[at / 64] & bit)
				return -EINVAL;
			words[at / 64] |= bit;
		}
		marked += extents[e].frames;
	}
	*nr = marked;
	return 0;
}
