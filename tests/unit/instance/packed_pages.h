/* SPDX-License-Identifier: MIT */
/*
 * packed_pages.h - pages that pack well, badly, or not at all.
 */
#ifndef USM_TESTS_PACKED_PAGES_H
#define USM_TESTS_PACKED_PAGES_H

#include <stdint.h>

#include "common/client.h"

#define PACKED_WORDS (USM_FRAME_BYTES / sizeof(uint32_t))

enum packed_shape {
	PACKED_SAME, /* full of one word */
	PACKED_TEXT, /* packs well */
	PACKED_NOISE, /* not at all */
	PACKED_MIXED, /* some */
	PACKED_SHAPES
};

/* Content that depends on all of it, so that no two are taken for another. */
void packed_page_fill(uint32_t *words, uint32_t number,
		      enum packed_shape shape);

#endif /* USM_TESTS_PACKED_PAGES_H */
