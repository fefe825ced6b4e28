/* SPDX-License-Identifier: MIT */
#include "instance/arena/bitmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORD_SHIFT 6
#define WORD_BITS (1U << WORD_SHIFT)

int usm_bitmap_init(struct usm_bitmap *map, uint32_t nr_bits)
{
	struct usm_bitmap made = { .nr_bits = nr_bits };
	uint64_t bits = nr_bits ? nr_bits : 1;

	do {
		uint64_t words = (bits + WORD_BITS - 1) >> WORD_SHIFT;

		made.level[made.nr_levels] = calloc(words, sizeof(uint64_t));
		if (!made.level[made.nr_levels]) {
			usm_bitmap_fini(&made);
			return -ENOMEM;
		}
		made.nr_levels++;
		bits = words;
	} while (bits > 1);
	*map = made;
	return 0;
}

void usm_bitmap_fini(struct usm_bitmap *map)
{
	unsigned int i;

	for (i = 0; i < USM_BITMAP_LEVELS; i++)
		free(map->level[i]);
	memset(map, 0, sizeof(*map));
}

void usm_bitmap_set(struct usm_bitmap *map, uint32_t bit)
{
	unsigned int i;

	for (i = 0; i < map->nr_levels; i++) {
		uint64_t *word = &map->level[i][bit >> WORD_SHIFT];
		uint64_t before = *word;

		*word = before | 1ULL << (bit % WORD_BITS);
		if (before)
			return;
		bit >>= WORD_SHIFT;
	}
}

void usm_bitmap_clear(struct usm_bitmap *map, uint32_t bit)
{
	unsigned int i;

	for (i = 0; i < map->nr_levels; i++) {
		uint64_t *word = &map->level[i][bit >> WORD_SHIFT];

		*word &= ~(1ULL << (bit % WORD_BITS));
		if (*word)
			return;
		bit >>= WORD_SHIFT;
	}
}

bool usm_bitmap_test(const struct usm_bitmap *map, uint32_t bit)
{
	return map->level[0][bit >> WORD_SHIFT] >> (bit % WORD_BITS) & 1;
}

uint32_t usm_bitmap_first(const struct usm_bitmap *map)
{
	unsigned int i = map->nr_levels;
	uint32_t at = 0;

	while (i--) {
		uint64_t word = map->level[i][at];

		/* Only the top word can be empty: a summary never lies. */
		if (!word)
			return USM_BITMAP_NONE;
		at = at << WORD_SHIFT | (uint32_t)__builtin_ctzll(word);
	}
	return at;
}

uint32_t usm_bitmap_first_from(const struct usm_bitmap *map, uint32_t bit)
{
	uint64_t word = map->level[0][bit >> WORD_SHIFT];

	if (!word)
		return usm_bitmap_first(map);
	return (bit & ~(WORD_BITS - 1)) | (uint32_t)__builtin_ctzll(word);
}
