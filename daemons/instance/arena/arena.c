/* SPDX-License-Identifier: MIT */
#include "instance/arena/arena.h"

#include <errno.h>
#include <stdlib.h>

#include "instance/arena/bitmap.h"
#include "instance/arena/span.h"

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
};

static bool test(const uint64_t *words, uint32_t bit)
{
	return words[bit / 64] >> (bit % 64) & 1;
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

/* Files the run under whole, scrap or neither after its bits changed. */
static void refile(struct usm_arena *arena, uint32_t run, uint64_t before,
		   uint64_t after)
{
	if (before == after)
		return;
	if (after == arena->run_mask)
		usm_bitmap_set(&arena->whole, run);
	else if (before == arena->run_mask)
		usm_bitmap_clear(&arena->whole, run);
	if (after && after != arena->run_mask)
		usm_bitmap_set(&arena->scrap, run);
	else
		usm_bitmap_clear(&arena->scrap, run);
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

static uint32_t take_from_run(struct usm_arena *arena, uint32_t run)
{
	uint64_t mask;

	if (run == USM_BITMAP_NONE)
		return USM_FRAME_NONE;
	mask = usm_arena_run_free(arena, run);
	mask &= -mask;
	usm_arena_run_take(arena, run, mask);
	return usm_arena_run_first(arena, run) +
	       (uint32_t)__builtin_ctzll(mask);
}

uint32_t usm_arena_take_lowest(struct usm_arena *arena)
{
	uint32_t whole = usm_bitmap_first(&arena->whole);
	uint32_t scrap = usm_bitmap_first(&arena->scrap);

	return take_from_run(arena, whole < scrap ? whole : scrap);
}

uint32_t usm_arena_take_scrap(struct usm_arena *arena)
{
	return take_from_run(arena, usm_bitmap_first(&arena->scrap));
}

uint32_t usm_arena_find_run(const struct usm_arena *arena)
{
	uint32_t run = usm_bitmap_first(&arena->whole);

	return run == USM_BITMAP_NONE ? USM_FRAME_NONE
				      : usm_arena_run_first(arena, run);
}
