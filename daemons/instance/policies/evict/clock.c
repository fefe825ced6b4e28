/* SPDX-License-Identifier: MIT */
/*
 * clock: a hand goes round over the frames; a page that was used since the
 * hand last came by gets a second chance, the others go.
 *
 * Two bits per frame.  When everything in sight was used, the pager asks for
 * any, and the hand takes what is under it: that is fifo.
 */
#include <errno.h>
#include <stdlib.h>

#include "instance/policies/evict/registry.h"

#define WORD_BITS 64U

struct clock {
	uint32_t nr_frames;
	uint32_t nr_words;
	uint32_t nr_present;
	uint32_t hand; /* the next frame to look at */
	uint64_t *present; /* holds a page */
	uint64_t *used; /* was used since the hand last came by */
};

static void clock_fini(void *ctx)
{
	struct clock *clock = ctx;

	if (!clock)
		return;
	free(clock->present);
	free(clock->used);
	free(clock);
}

static int clock_init(uint32_t nr_frames, void **ctx)
{
	struct clock *clock = calloc(1, sizeof(*clock));

	if (!clock)
		return -ENOMEM;
	clock->nr_frames = nr_frames;
	clock->nr_words = nr_frames / WORD_BITS + 1;
	clock->present = calloc(clock->nr_words, sizeof(uint64_t));
	clock->used = calloc(clock->nr_words, sizeof(uint64_t));
	if (!clock->present || !clock->used) {
		clock_fini(clock);
		return -ENOMEM;
	}
	*ctx = clock;
	return 0;
}

static bool test(const uint64_t *words, uint32_t bit)
{
	return words[bit / WORD_BITS] >> (bit % WORD_BITS) & 1;
}

static void set(uint64_t *words, uint32_t bit)
{
	words[bit / WORD_BITS] |= 1ULL << (bit % WORD_BITS);
}

static void clear(uint64_t *words, uint32_t bit)
{
	words[bit / WORD_BITS] &= ~(1ULL << (bit % WORD_BITS));
}

/* The first frame with a page at or after `from`, going round. */
static uint32_t next_present(const struct clock *clock, uint32_t from)
{
	uint32_t word = from / WORD_BITS, i;
	uint64_t bits = clock->present[word] & ~0ULL << (from % WORD_BITS);

	/* The first word once more at the end, for what lies before `from`. */
	for (i = 0; i <= clock->nr_words; i++) {
		if (bits)
			return word * WORD_BITS +
			       (uint32_t)__builtin_ctzll(bits);
		word = word + 1 == clock->nr_words ? 0 : word + 1;
		bits = clock->present[word];
	}
	return USM_FRAME_NONE;
}

static uint32_t after(const struct clock *clock, uint32_t frame)
{
	return frame + 1 >= clock->nr_frames ? 0 : frame + 1;
}

static void clock_placed(void *ctx, uint32_t frame, uint64_t page)
{
	struct clock *clock = ctx;

	(void)page; /* the hand knows frames only */
	if (frame >= clock->nr_frames)
		return;
	clock->nr_present += !test(clock->present, frame);
	set(clock->present, frame);
	/* Somebody wants it right now. */
	set(clock->used, frame);
}

static void clock_removed(void *ctx, uint32_t frame)
{
	struct clock *clock = ctx;

	if (frame >= clock->nr_frames)
		return;
	clock->nr_present -= test(clock->present, frame);
	clear(clock->present, frame);
	clear(clock->used, frame);
}

static void clock_accessed(void *ctx, uint32_t frame)
{
	struct clock *clock = ctx;

	if (frame < clock->nr_frames && test(clock->present, frame))
		set(clock->used, frame);
}

static uint32_t clock_upcoming(const void *ctx, uint32_t *frames, uint32_t nr)
{
	const struct clock *clock = ctx;
	uint32_t at = clock->hand, i;

	if (nr > clock->nr_present)
		nr = clock->nr_present;
	for (i = 0; i < nr; i++) {
		frames[i] = next_present(clock, at);
		at = after(clock, frames[i]);
	}
	return nr;
}

static uint32_t clock_choose(void *ctx, uint32_t look, bool any,
			     uint32_t *victims, uint32_t nr)
{
	struct clock *clock = ctx;
	uint32_t chosen = 0;

	if (look > clock->nr_present)
		look = clock->nr_present;
	while (look-- && chosen < nr) {
		uint32_t frame = next_present(clock, clock->hand);

		clock->hand = after(clock, frame);
		if (test(clock->used, frame) && !any) {
			clear(clock->used, frame);
			continue;
		}
		clock_removed(clock, frame);
		victims[chosen++] = frame;
	}
	return chosen;
}

const struct usm_evict_policy usm_evict_clock = {
	USM_POLICY_HEAD(struct usm_evict_policy),
	.name = "clock",
	.summary = "what was not used since the hand last came by",
	.init = clock_init,
	.fini = clock_fini,
	.placed = clock_placed,
	.removed = clock_removed,
	.accessed = clock_accessed,
	.upcoming = clock_upcoming,
	.choose = clock_choose,
};
