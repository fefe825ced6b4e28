/* SPDX-License-Identifier: MIT */
/*
 * pattern.h - memory filled word by word with values that tell the page and
 * the seed, so that a wrong, stale or zeroed page is noticed.
 */
#ifndef USM_VM_PATTERN_H
#define USM_VM_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES 4096UL
#define MIB (1024UL * 1024UL)

/* Private anonymous memory, untouched, never backed by large pages. */
void *pattern_map(size_t bytes);

/* Fills page `index` of the buffer at `base`. */
void pattern_fill_page(void *base, size_t index, uint64_t seed);

/* 0 when page `index` is as filled, else 1. */
size_t pattern_bad_page(const void *base, size_t index, uint64_t seed);

/* Pages first, first + step, … below end. The second: how many are wrong. */
void pattern_fill(void *base, size_t first, size_t end, size_t step,
		  uint64_t seed);
size_t pattern_bad(const void *base, size_t first, size_t end, size_t step,
		   uint64_t seed);

/* How many of the pages hold anything but zeroes. */
size_t pattern_nonzero(const void *base, size_t first, size_t end);

#endif /* USM_VM_PATTERN_H */
