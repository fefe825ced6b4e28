/* SPDX-License-Identifier: MIT */
#include "packed_pages.h"

void packed_page_fill(uint32_t *words, uint32_t number, enum packed_shape shape)
{
	uint64_t random = number * 0x9E3779B97F4A7C15ULL + 1;
	uint32_t i;

	for (i = 0; i < PACKED_WORDS; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		if (shape == PACKED_SAME)
			words[i] = number;
		else if (shape == PACKED_TEXT ||
			 (shape == PACKED_MIXED && i % 4))
			words[i] = number + i / 16;
		else
			words[i] = (uint32_t)random;
	}
}
