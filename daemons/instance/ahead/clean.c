/* SPDX-License-Identifier: MIT */
#include "instance/ahead/clean.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "instance/arena/arena.h"

int usm_clean_init(struct usm_clean *clean, uint32_t nr_frames)
{
	uint64_t *word = calloc((size_t)nr_frames / 64 + 1, sizeof(*word));

	if (!word)
		return -ENOMEM;
	*clean = (struct usm_clean){ .word = word, .nr_frames = nr_frames };
	return 0;
}

void usm_clean_fini(struct usm_clean *clean)
{
	free(clean->word);
	memset(clean, 0, sizeof(*clean));
}

void usm_clean_forget(struct usm_clean *clean, uint32_t frame)
{
	uint64_t bit = 1ULL << frame % 64;

	clean->exhausted = false;
	if (frame >= clean->nr_frames || !(clean->word[frame / 64] & bit))
		return;
	clean->word[frame / 64] &= ~bit;
	clean->nr--;
}

void usm_clean_forget_all(struct usm_clean *clean)
{
	if (clean->word)
		memset(clean->word, 0,
		       ((size_t)clean->nr_frames / 64 + 1) *
			       sizeof(*clean->word));
	clean->nr = 0;
	clean->at = 0;
	clean->exhausted = false;
}

void usm_clean_mark(struct usm_clean *clean, uint32_t frame)
{
	uint64_t bit = 1ULL << frame % 64;

	if (frame >= clean->nr_frames || clean->word[frame / 64] & bit)
		return;
	clean->word[frame / 64] |= bit;
	clean->nr++;
}

/* The marks of a word of the arena; those of frames out of stock go. */
static uint64_t marks(struct usm_clean *clean, uint32_t first, uint64_t stock)
{
	uint64_t *word = &clean->word[first / 64];
	uint64_t left = *word & ~stock;

	*word &= stock;
	clean->nr -= (uint32_t)__builtin_popcountll(left);
	return *word;
}

uint32_t usm_clean_find_dirty(struct usm_clean *clean,
			      struct usm_checked_alloc *frames, uint32_t *out,
			      uint32_t nr)
{
	const struct usm_arena *arena = usm_checked_alloc_arena(frames);
	uint32_t nr_words = usm_arena_nr_words(arena), found = 0, i;

	if (!clean->word || clean->exhausted)
		return 0;
	for (i = 0; i < nr_words && found < nr; i++) {
		uint32_t word, first;
		uint64_t stock, dirty;

		if (clean->at == 0 || clean->at > nr_words)
			clean->at = nr_words;
		word = clean->at - 1;
		first = usm_arena_word_first(arena, word);
		if (first / 64 > clean->nr_frames / 64) {
			clean->at--;
			continue;
		}
		stock = usm_checked_alloc_word(frames, word);
		dirty = stock & ~marks(clean, first, stock);
		for (; dirty && found < nr; found++) {
			uint32_t bit = 63 - (uint32_t)__builtin_clzll(dirty);

			out[found] = first + bit;
			dirty &= ~(1ULL << bit);
		}
		/* What is left of it is for the next call. */
		if (!dirty)
			clean->at--;
	}
	clean->exhausted = !found;
	return found;
}

uint32_t usm_clean_take(struct usm_clean *clean,
			struct usm_checked_alloc *frames, uint32_t *out,
			uint32_t nr)
{
	const struct usm_arena *arena = usm_checked_alloc_arena(frames);
	uint32_t nr_words = usm_arena_nr_words(arena), taken = 0, word;

	for (word = 0; clean->nr && word < nr_words && taken < nr; word++) {
		uint32_t first = usm_arena_word_first(arena, word);
		uint64_t bits;

		if (first / 64 > clean->nr_frames / 64)
			break;
		bits = marks(clean, first,
			     usm_checked_alloc_word(frames, word));
		for (; bits && taken < nr; bits &= bits - 1) {
			uint32_t frame =
				first + (uint32_t)__builtin_ctzll(bits);

			usm_clean_forget(clean, frame);
			if (usm_checked_alloc_take(frames, frame))
				out[taken++] = frame;
		}
	}
	return taken;
}
