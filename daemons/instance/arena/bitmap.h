/* SPDX-License-Identifier: MIT */
/*
 * bitmap.h - a set of small integers that finds its lowest member in O(1).
 *
 * A pyramid of 64-bit words: bit i of a level says whether word i of the level
 * below has any bit.  Every operation touches at most one word per level: three
 * for a partition of a gigabyte.  One thread at a time.
 */
#ifndef USM_INSTANCE_ARENA_BITMAP_H
#define USM_INSTANCE_ARENA_BITMAP_H

#include <stdbool.h>
#include <stdint.h>

/* 64^6 is more than any 32-bit frame number. */
#define USM_BITMAP_LEVELS 6

#define USM_BITMAP_NONE UINT32_MAX

struct usm_bitmap {
	uint32_t nr_bits;
	unsigned int nr_levels;
	uint64_t *level[USM_BITMAP_LEVELS]; /* [0] holds the bits themselves */
};

/* Makes an empty set over [0, nr_bits).  ENOMEM. */
int usm_bitmap_init(struct usm_bitmap *map, uint32_t nr_bits);

/* Frees what init allocated; a zeroed struct is fine. */
void usm_bitmap_fini(struct usm_bitmap *map);

/* Bits must be below nr_bits.  Setting a set bit and the like changes nothing. */
void usm_bitmap_set(struct usm_bitmap *map, uint32_t bit);
void usm_bitmap_clear(struct usm_bitmap *map, uint32_t bit);
bool usm_bitmap_test(const struct usm_bitmap *map, uint32_t bit);

/* The lowest member, or USM_BITMAP_NONE. */
uint32_t usm_bitmap_first(const struct usm_bitmap *map);

/* The same, given that none is below `bit`: mostly one look. */
uint32_t usm_bitmap_first_from(const struct usm_bitmap *map, uint32_t bit);

#endif /* USM_INSTANCE_ARENA_BITMAP_H */
