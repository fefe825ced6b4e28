/* SPDX-License-Identifier: MIT */
#include "instance/ahead/given.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int usm_given_init(struct usm_given *given, uint32_t nr_frames)
{
	uint64_t *word = calloc((size_t)nr_frames / 64 + 1, sizeof(*word));

	if (!word)
		return -ENOMEM;
	*given = (struct usm_given){ .word = word, .nr_frames = nr_frames };
	return 0;
}

void usm_given_fini(struct usm_given *given)
{
	free(given->word);
	memset(given, 0, sizeof(*given));
}

bool usm_given_set(struct usm_given *given, uint32_t frame)
{
	uint64_t bit = 1ULL << frame % 64;

	if (frame >= given->nr_frames)
		return false;
	__atomic_fetch_add(&given->nr, 1, __ATOMIC_RELAXED);
	if (!(__atomic_fetch_or(&given->word[frame / 64], bit,
				__ATOMIC_SEQ_CST) &
	      bit))
		return true;
	__atomic_fetch_sub(&given->nr, 1, __ATOMIC_RELAXED);
	return false;
}

bool usm_given_clear(struct usm_given *given, uint32_t frame)
{
	uint64_t bit = 1ULL << frame % 64, *word;

	if (frame >= given->nr_frames)
		return false;
	word = &given->word[frame / 64];
	/* Most frames never were. */
	if (!(__atomic_load_n(word, __ATOMIC_SEQ_CST) & bit) ||
	    !(__atomic_fetch_and(word, ~bit, __ATOMIC_SEQ_CST) & bit))
		return false;
	__atomic_fetch_sub(&given->nr, 1, __ATOMIC_RELAXED);
	return true;
}

uint32_t usm_given_take(struct usm_given *given, uint32_t from,
			uint32_t *frames, uint32_t nr, uint32_t *next)
{
	uint32_t taken = 0, frame = from;

	while (frame < given->nr_frames && taken < nr) {
		uint64_t bits = __atomic_load_n(&given->word[frame / 64],
						__ATOMIC_SEQ_CST) >>
				frame % 64;

		if (!bits) {
			frame = (frame / 64 + 1) * 64;
			continue;
		}
		frame += (uint32_t)__builtin_ctzll(bits);
		if (usm_given_clear(given, frame))
			frames[taken++] = frame;
		frame++;
	}
	*next = frame < given->nr_frames ? frame : given->nr_frames;
	return taken;
}
