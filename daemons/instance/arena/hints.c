/* SPDX-License-Identifier: MIT */
#include "instance/arena/hints.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORD_SHIFT 6
#define WORD_BITS (1U << WORD_SHIFT)

int usm_hints_init(struct usm_hints *hints, uint32_t nr_bits)
{
	struct usm_hints made = { 0 };
	uint64_t bits = nr_bits ? nr_bits : 1;

	do {
		uint64_t words = (bits + WORD_BITS - 1) >> WORD_SHIFT;

		made.level[made.nr_levels] = calloc(words, sizeof(uint64_t));
		if (!made.level[made.nr_levels]) {
			usm_hints_fini(&made);
			return -ENOMEM;
		}
		made.nr_levels++;
		bits = words;
	} while (bits > 1);
	*hints = made;
	return 0;
}

void usm_hints_fini(struct usm_hints *hints)
{
	unsigned int i;

	for (i = 0; i < USM_HINTS_LEVELS; i++)
		free(hints->level[i]);
	memset(hints, 0, sizeof(*hints));
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

/* Sets or clears a bit.  True when the word became, or stays, empty or not. */
static bool change(uint64_t *word, uint64_t bit, bool set)
{
	uint64_t before;

	if (!(load(word) & bit) == !set)
		return false;
	if (set)
		before = __atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST);
	else
		before = __atomic_fetch_and(word, ~bit, __ATOMIC_SEQ_CST);
	return !(before & ~bit);
}

void usm_hints_set(struct usm_hints *hints, uint32_t bit, bool member)
{
	bool news = change(&hints->level[0][bit >> WORD_SHIFT],
			   1ULL << (bit % WORD_BITS), member);
	unsigned int i;

	/* News for the level above: this word became empty, or was. */
	for (i = 1; i < hints->nr_levels && news; i++) {
		const uint64_t *below;
		bool any;

		bit >>= WORD_SHIFT;
		below = &hints->level[i - 1][bit];
		news = false;
		do {
			any = load(below);
			news |= change(&hints->level[i][bit >> WORD_SHIFT],
				       1ULL << (bit % WORD_BITS), any);
		} while (!load(below) == any);
	}
}

bool usm_hints_test(const struct usm_hints *hints, uint32_t bit)
{
	return load(&hints->level[0][bit >> WORD_SHIFT]) >> (bit % WORD_BITS) &
	       1;
}

uint32_t usm_hints_first(const struct usm_hints *hints)
{
	unsigned int i = hints->nr_levels;
	uint32_t at = 0;

	while (i--) {
		uint64_t word = load(&hints->level[i][at]);

		if (!word)
			return USM_HINTS_NONE;
		at = at << WORD_SHIFT | (uint32_t)__builtin_ctzll(word);
	}
	return at;
}
