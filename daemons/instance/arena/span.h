/* SPDX-License-Identifier: MIT */
/*
 * span.h - the stretch of pool frames that a partition's extents lie in, so
 * that a bit or a byte per frame can be found by subtraction.
 */
#ifndef USM_INSTANCE_ARENA_SPAN_H
#define USM_INSTANCE_ARENA_SPAN_H

#include <stdbool.h>
#include <stdint.h>

#include "usm.h"

struct usm_span {
	uint32_t base; /* pool frame of bit 0, a multiple of 64 */
	uint32_t frames; /* bits, whole words of 64 */
};

/* EINVAL: no extents, an empty one, or one beyond the last frame number. */
int usm_span_of(const struct usm_extent *extents, unsigned int nr_extents,
		struct usm_span *out);

/*
 * Sets the bits of the extents' frames in `words` (one per 64 frames of the
 * span, zeroed) and says how many they are.  EINVAL: extents overlap; words is
 * of no use then.
 */
int usm_span_mark(const struct usm_span *span, const struct usm_extent *extents,
		  unsigned int nr_extents, uint64_t *words, uint32_t *nr);

static inline uint32_t usm_span_words(const struct usm_span *span)
{
	return span->frames / 64;
}

/* Frames below base wrap to huge numbers, so one comparison does. */
static inline bool usm_span_has(const struct usm_span *span, uint32_t frame)
{
	return frame - span->base < span->frames;
}

#endif /* USM_INSTANCE_ARENA_SPAN_H */
