/* SPDX-License-Identifier: MIT */
#include "instance/arena/arena.h"

#include <errno.h>
#include <stdlib.h>

#include "instance/arena/bitmap.h"

struct usm_arena {
	uint32_t base; /* pool frame of bit 0, aligned to a word of bits */
	uint32_t span; /* bits, whole words */
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

/* First and one-past-last pool frame of all extents; false when unusable. */
static bool span_of(const struct usm_extent *extents, unsigned int nr,
		    uint64_t *first, uint64_t *end)
{
	unsigned int i;

	*first = UINT64_MAX;
	*end = 0;
	for (i = 0; i < nr; i++) {
		uint64_t from = extents[i].first;
		uint64_t to = from + extents[i].frames;

		if (from == to || to > USM_FRAME_NONE)
			return false;
		if (from < *first)
			*first = from;
		if (to > *end)
			*end = to;
	}
	return nr > 0;
}

static int own(struct usm_arena *arena, const struct usm_extent *extent)
{
	uint32_t i;

	for (i = 0; i < extent->frames; i++) {
		uint32_t bit = extent->first + i - arena->base;

		if (test(arena->owned, bit))
			return -EINVAL;
		arena->owned[bit / 64] |= 1ULL << (bit % 64);
	}
	arena->nr_owned += extent->frames;
	return 0;
}

int usm_arena_create(const struct usm_extent *extents, unsigned int nr_extents,
		     uint32_t run_frames, struct usm_arena **out)
{
	struct usm_arena *arena;
	uint64_t first, end;
	unsigned int i;
	int err = -ENOMEM;

	if (!run_frames || run_frames > USM_RUN_FRAMES_MAX ||
	    run_frames & (run_frames - 1))
		return -EINVAL;
	if (!span_of(extents, nr_extents, &first, &end))
		return -EINVAL;
	arena = calloc(1, sizeof(*arena));
	if (!arena)
		return -ENOMEM;
	arena->base = (uint32_t)first & ~63U;
	arena->span = (uint32_t)((end - arena->base + 63) & ~63ULL);
	arena->run_shift = (uint32_t)__builtin_ctz(run_frames);
	arena->run_mask = run_frames == 64 ? ~0ULL : (1ULL << run_frames) - 1;
	arena->owned = calloc(arena->span / 64, sizeof(uint64_t));
	arena->free = calloc(arena->span / 64, sizeof(uint64_t));
	if (!arena->owned || !arena->free)
		goto fail;
	if (usm_bitmap_init(&arena->whole, arena->span >> arena->run_shift))
		goto fail;
	if (usm_bitmap_init(&arena->scrap, arena->span >> arena->run_shift))
		goto fail;
	for (i = 0; i < nr_extents; i++) {
		err = own(arena, &extents[i]);
		if (err)
			goto fail;
	}
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

/* Frames below base wrap to huge numbers, so one comparison does. */
static bool in_span(const struct usm_arena *arena, uint32_t frame)
{
	return frame - arena->base < arena->span;
}

bool usm_arena_owns(const struct usm_arena *arena, uint32_t frame)
{
	return in_span(arena, frame) && test(arena->owned, frame - arena->base);
}

bool usm_arena_is_free(const struct usm_arena *arena, uint32_t frame)
{
	return in_span(arena, frame) && test(arena->free, frame - arena->base);
}

uint32_t usm_arena_nr_runs(const struct usm_arena *arena)
{
	return arena->span >> arena->run_shift;
}

uint32_t usm_arena_run_of(const struct usm_arena *arena, uint32_t frame)
{
	return (frame - arena->base) >> arena->run_shift;
}

uint32_t usm_arena_run_first(const struct usm_arena *arena, uint32_t run)
{
	return arena->base + (run << arena->run_shift);
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
	return 1ULL << ((frame - arena->base) & ((1U << arena->run_shift) - 1));
}

int usm_arena_give(struct usm_arena *arena, uint32_t frame)
{
	if (!usm_arena_owns(arena, frame))
		return -EPERM;
	if (test(arena->free, frame - arena->base))
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
