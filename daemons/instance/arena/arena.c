/* SPDX-License-Identifier: MIT */
#include "instance/arena/arena.h"

#include <errno.h>
#include <stdlib.h>

#include "instance/arena/bitmap.h"
#include "instance/arena/span.h"

/* Where the next frame is: a run, as bits of the word it lies in. */
struct cursor {
	uint64_t *word;
	uint64_t mask;
	uint32_t first; /* frame of the word's bit 0 */
};

struct usm_arena {
	struct usm_span span;
	uint32_t run_shift;
	uint64_t run_mask; /* run_frames low bits */
	uint32_t nr_owned;
	uint32_t nr_free;
	uint64_t *owned;
	uint64_t *free;
	struct usm_bitmap whole; /* runs that are all free */
	struct usm_bitmap scrap; /* runs that are free in part */
	uint32_t lowest_whole; /* or USM_BITMAP_NONE */
	uint32_t lowest_scrap; /* or USM_BITMAP_NONE */
	/* Kept ready, so that a pick is a few instructions. */
	struct cursor lowest; /* the lowest run with a free frame */
	struct cursor lowest_broken; /* the lowest scrap */
};

static bool test(const uint64_t *words, uint32_t bit)
{
	return words[bit / 64] >> (bit % 64) & 1;
}

static struct cursor cursor_at(const struct usm_arena *arena, uint32_t run)
{
	static uint64_t nothing; /* never written: it has no bit to take */
	uint32_t bit = run << arena->run_shift;

	if (run == USM_BITMAP_NONE)
		return (struct cursor){ .word = &nothing };
	return (struct cursor){
		.word = &arena->free[bit / 64],
		.mask = arena->run_mask << (bit % 64),
		.first = arena->span.base + (bit & ~63U),
	};
}

static void point_at_lowest(struct usm_arena *arena)
{
	uint32_t whole = arena->lowest_whole, scrap = arena->lowest_scrap;

	arena->lowest = cursor_at(arena, whole < scrap ? whole : scrap);
	arena->lowest_broken = cursor_at(arena, scrap);
}

int usm_arena_create(const struct usm_extent *extents, unsigned int nr_extents,
		     uint32_t run_frames, struct usm_arena **out)
{
	struct usm_arena *arena;
	struct usm_span span;
	uint32_t words;
	int err;

	if (!run_frames || run_frames > USM_RUN_FRAMES_MAX ||
	    run_frames & (run_frames - 1))
		return -EINVAL;
	err = usm_span_of(extents, nr_extents, &span);
	if (err)
		return err;
	arena = calloc(1, sizeof(*arena));
	if (!arena)
		return -ENOMEM;
	words = usm_span_words(&span);
	arena->span = span;
	arena->run_shift = (uint32_t)__builtin_ctz(run_frames);
	arena->run_mask = run_frames == 64 ? ~0ULL : (1ULL << run_frames) - 1;
	arena->owned = calloc(words, sizeof(uint64_t));
	arena->free = calloc(words, sizeof(uint64_t));
	err = -ENOMEM;
	if (!arena->owned || !arena->free ||
	    usm_bitmap_init(&arena->whole, span.frames >> arena->run_shift) ||
	    usm_bitmap_init(&arena->scrap, span.frames >> arena->run_shift))
		goto fail;
	arena->lowest_whole = USM_BITMAP_NONE;
	arena->lowest_scrap = USM_BITMAP_NONE;
	point_at_lowest(arena);
	err = usm_span_mark(&span, extents, nr_extents, arena->owned,
			    &arena->nr_owned);
	if (err)
		goto fail;
	*out = arena;
	return 0;

fail:
	usm_arena_destroy(arena);
	return err;
}

void usm_arena_destroy(struct usm_arena *arena)
{
	if (!arena)
		return;
	usm_bitmap_fini(&arena->scrap);
	usm_bitmap_fini(&arena->whole);
	free(arena->free);
	free(arena->owned);
	free(arena);
}

uint32_t usm_arena_nr_owned(const struct usm_arena *arena)
{
	return arena->nr_owned;
}

uint32_t usm_arena_nr_free(const struct usm_arena *arena)
{
	return arena->nr_free;
}

uint32_t usm_arena_run_frames(const struct usm_arena *arena)
{
	return 1U << arena->run_shift;
}

bool usm_arena_owns(const struct usm_arena *arena, uint32_t frame)
{
	return usm_span_has(&arena->span, frame) &&
	       test(arena->owned, frame - arena->span.base);
}

bool usm_arena_is_free(const struct usm_arena *arena, uint32_t frame)
{
	return usm_span_has(&arena->span, frame) &&
	       test(arena->free, frame - arena->span.base);
}

uint32_t usm_arena_nr_runs(const struct usm_arena *arena)
{
	return arena->span.frames >> arena->run_shift;
}

uint32_t usm_arena_run_of(const struct usm_arena *arena, uint32_t frame)
{
	return (frame - arena->span.base) >> arena->run_shift;
}

uint32_t usm_arena_run_first(const struct usm_arena *arena, uint32_t run)
{
	return arena->span.base + (run << arena->run_shift);
}

bool usm_arena_run_is_whole(const struct usm_arena *arena, uint32_t run)
{
	return run < usm_arena_nr_runs(arena) &&
	       usm_bitmap_test(&arena->whole, run);
}

uint64_t usm_arena_run_free(const struct usm_arena *arena, uint32_t run)
{
	uint32_t bit = run << arena->run_shift;

	if (run >= usm_arena_nr_runs(arena))
		return 0;
	return arena->free[bit / 64] >> (bit % 64) & arena->run_mask;
}

/* Puts the run into a set or takes it out; *lowest stays the lowest of it. */
static void file(struct usm_bitmap *set, uint32_t run, bool member,
		 uint32_t *lowest)
{
	if (member) {
		usm_bitmap_set(set, run);
		if (run < *lowest)
			*lowest = run;
		return;
	}
	usm_bitmap_clear(set, run);
	if (run == *lowest)
		*lowest = usm_bitmap_first_from(set, run);
}

/*
 * Files the run under whole, scrap or neither after its bits changed.  Most of
 * the time that changes nothing.
 */
static void refile(struct usm_arena *arena, uint32_t run, uint64_t before,
		   uint64_t after)
{
	bool was_whole = before == arena->run_mask;
	bool is_whole = after == arena->run_mask;
	bool was_scrap = before && !was_whole;
	bool is_scrap = after && !is_whole;

	if (was_whole == is_whole && was_scrap == is_scrap)
		return;
	if (was_whole != is_whole)
		file(&arena->whole, run, is_whole, &arena->lowest_whole);
	if (was_scrap != is_scrap)
		file(&arena->scrap, run, is_scrap, &arena->lowest_scrap);
	point_at_lowest(arena);
}

void usm_arena_run_take(struct usm_arena *arena, uint32_t run, uint64_t mask)
{
	uint64_t before = usm_arena_run_free(arena, run);
	uint32_t bit = run << arena->run_shift;

	mask &= before;
	if (!mask)
		return;
	arena->free[bit / 64] &= ~(mask << (bit % 64));
	arena->nr_free -= (uint32_t)__builtin_popcountll(mask);
	refile(arena, run, before, before & ~mask);
}

void usm_arena_run_give(struct usm_arena *arena, uint32_t run, uint64_t mask)
{
	uint64_t before = usm_arena_run_free(arena, run);
	uint32_t bit = run << arena->run_shift;

	if (run >= usm_arena_nr_runs(arena))
		return;
	mask &= arena->owned[bit / 64] >> (bit % 64) & arena->run_mask &
		~before;
	arena->free[bit / 64] |= mask << (bit % 64);
	arena->nr_free += (uint32_t)__builtin_popcountll(mask);
	refile(arena, run, before, before | mask);
}

static uint64_t bit_in_run(const struct usm_arena *arena, uint32_t frame)
{
	return 1ULL << ((frame - arena->span.base) &
			((1U << arena->run_shift) - 1));
}

int usm_arena_give(struct usm_arena *arena, uint32_t frame)
{
	if (!usm_arena_owns(arena, frame))
		return -EPERM;
	if (test(arena->free, frame - arena->span.base))
		return -EEXIST;
	usm_arena_run_give(arena, usm_arena_run_of(arena, frame),
			   bit_in_run(arena, frame));
	return 0;
}

bool usm_arena_take(struct usm_arena *arena, uint32_t frame)
{
	if (!usm_arena_is_free(arena, frame))
		return false;
	usm_arena_run_take(arena, usm_arena_run_of(arena, frame),
			   bit_in_run(arena, frame));
	return true;
}

/* After a pick that broke a whole run, or took the last frame of one. */
static __attribute__((noinline)) uint32_t
refile_picked(struct usm_arena *arena, const struct cursor *from,
	      uint64_t before, uint64_t after, uint32_t frame)
{
	uint32_t at = (uint32_t)__builtin_ctzll(from->mask);

	refile(arena, usm_arena_run_of(arena, frame), before >> at,
	       after >> at);
	return frame;
}

static inline uint32_t take_at(struct usm_arena *arena, struct cursor *from)
{
	uint64_t before = *from->word & from->mask;
	uint64_t after = before & (before - 1);
	uint32_t frame;

	if (!before)
		return USM_FRAME_NONE;
	*from->word ^= before ^ after;
	arena->nr_free--;
	frame = from->first + (uint32_t)__builtin_ctzll(before);
	if (!after || before == from->mask)
		return refile_picked(arena, from, before, after, frame);
	return frame;
}

uint32_t usm_arena_take_lowest(struct usm_arena *arena)
{
	return take_at(arena, &arena->lowest);
}

uint32_t usm_arena_take_scrap(struct usm_arena *arena)
{
	return take_at(arena, &arena->lowest_broken);
}

uint32_t usm_arena_find_run(const struct usm_arena *arena)
{
	return arena->lowest_whole == USM_BITMAP_NONE
		       ? USM_FRAME_NONE
		       : usm_arena_run_first(arena, arena->lowest_whole);
}

uint32_t usm_arena_nr_words(const struct usm_arena *arena)
{
	return usm_span_words(&arena->span);
}

uint32_t usm_arena_word_first(const struct usm_arena *arena, uint32_t word)
{
	return arena->span.base + word * 64;
}

uint64_t usm_arena_word_free(const struct usm_arena *arena, uint32_t word)
{
	return arena->free[word];
}

void usm_arena_own(struct usm_arena *arena, uint32_t first, uint64_t frames)
{
	uint64_t *owned = &arena->owned[(first - arena->span.base) / 64];

	arena->nr_owned += (uint32_t)__builtin_popcountll(frames & ~*owned);
	*owned |= frames;
}

void usm_arena_disown(struct usm_arena *arena, uint32_t first, uint64_t frames)
{
	uint64_t *owned = &arena->owned[(first - arena->span.base) / 64];
	uint32_t run = usm_arena_run_of(arena, first);
	uint32_t at;

	for (at = 0; at < 64; at += usm_arena_run_frames(arena))
		usm_arena_run_take(arena, run++, frames >> at);
	arena->nr_owned -= (uint32_t)__builtin_popcountll(frames & *owned);
	*owned &= ~frames;
}

void usm_arena_disown_all(struct usm_arena *arena)
{
	uint32_t word;

	for (word = 0; word < usm_arena_nr_words(arena); word++)
		usm_arena_disown(arena, usm_arena_word_first(arena, word),
				 arena->owned[word]);
}

void usm_arena_own_same(struct usm_arena *arena, const struct usm_arena *other)
{
	uint32_t word;

	usm_arena_disown_all(arena);
	for (word = 0; word < usm_arena_nr_words(arena); word++)
		usm_arena_own(arena, usm_arena_word_first(arena, word),
			      other->owned[word]);
}
