/* SPDX-License-Identifier: MIT */
#include "lib/pattern.h"

#include <sys/mman.h>

#include "lib/check.h"

#define PAGE_WORDS (PAGE_BYTES / sizeof(uint64_t))
/* Odd and without structure, so that neighbours differ in most bits. */
#define SPREAD 0x9e3779b97f4a7c15ULL

static uint64_t first_word(size_t index, uint64_t seed)
{
	return ((uint64_t)index + 1) * SPREAD ^ seed << 32 ^ seed;
}

void *pattern_map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		require(false, "mmap of %zu bytes", bytes);
	madvise(p, bytes, MADV_NOHUGEPAGE);
	return p;
}

void pattern_fill_page(void *base, size_t index, uint64_t seed)
{
	uint64_t *word = (uint64_t *)((char *)base + index * PAGE_BYTES);
	uint64_t value = first_word(index, seed);
	size_t i;

	for (i = 0; i < PAGE_WORDS; i++)
		word[i] = value + i;
}

size_t pattern_bad_page(const void *base, size_t index, uint64_t seed)
{
	const uint64_t *word =
		(const uint64_t *)((const char *)base + index * PAGE_BYTES);
	uint64_t value = first_word(index, seed);
	size_t i;

	for (i = 0; i < PAGE_WORDS; i++)
		if (word[i] != value + i)
			return 1;
	return 0;
}

void pattern_fill(void *base, size_t first, size_t end, size_t step,
		  uint64_t seed)
{
	size_t i;

	for (i = first; i < end; i += step)
		pattern_fill_page(base, i, seed);
}

size_t pattern_bad(const void *base, size_t first, size_t end, size_t step,
		   uint64_t seed)
{
	size_t bad = 0, i;

	for (i = first; i < end; i += step)
		bad += pattern_bad_page(base, i, seed);
	return bad;
}

size_t pattern_nonzero(const void *base, size_t first, size_t end)
{
	size_t nonzero = 0, i, j;

	for (i = first; i < end; i++) {
		const uint64_t *word =
			(const uint64_t *)((const char *)base + i * PAGE_BYTES);

		for (j = 0; j < PAGE_WORDS && !word[j]; j++)
			;
		nonzero += j < PAGE_WORDS;
	}
	return nonzero;
}
