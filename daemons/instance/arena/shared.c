/* SPDX-License-Identifier: MIT */
#include "instance/arena/shared.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "instance/arena/hints.h"
#include "instance/arena/span.h"

#define RUN USM_SHARED_RUN_FRAMES
#define CACHE_LINE 64

/* Runs looked through for an aligned piece before a whole one is broken. */
#define PIECE_LOOKS 8

struct usm_shared_arena {
	struct usm_span span;
	uint64_t *owned; /* never changes */
	uint64_t *free; /* one word per run: what the reserve holds */
	uint8_t *owner; /* one per frame */
	struct usm_hints whole; /* runs that are all free */
	struct usm_hints scrap; /* runs that are free in part */
	/* Changes all the time, the above does not. */
	uint32_t nr_free __attribute__((aligned(CACHE_LINE)));
	uint8_t alone[CACHE_LINE - sizeof(uint32_t)];
};

int usm_shared_arena_create(const struct usm_extent *extents,
			    unsigned int nr_extents,
			    struct usm_shared_arena **out)
{
	struct usm_shared_arena *shared;
	struct usm_span span;
	uint32_t nr_owned, words;
	int err = usm_span_of(extents, nr_extents, &span);

	if (err)
		return err;
	shared = aligned_alloc(CACHE_LINE, sizeof(*shared));
	if (!shared)
		return -ENOMEM;
	memset(shared, 0, sizeof(*shared));
	words = usm_span_words(&span);
	shared->span = span;
	shared->owned = calloc(words, sizeof(uint64_t));
	shared->free = calloc(words, sizeof(uint64_t));
	shared->owner = aligned_alloc(CACHE_LINE, span.frames);
	err = -ENOMEM;
	if (!shared->owned || !shared->free || !shared->owner ||
	    usm_hints_init(&shared->whole, words) ||
	    usm_hints_init(&shared->scrap, words))
		goto fail;
	memset(shared->owner, USM_OWNER_NOBODY, span.frames);
	err = usm_span_mark(&span, extents, nr_extents, shared->owned,
			    &nr_owned);
	if (err)
		goto fail;
	*out = shared;
	return 0;

fail:
	usm_shared_arena_destroy(shared);
	return err;
}

void usm_shared_arena_destroy(struct usm_shared_arena *shared)
{
	if (!shared)
		return;
	usm_hints_fini(&shared->scrap);
	usm_hints_fini(&shared->whole);
	free(shared->owner);
	free(shared->free);
	free(shared->owned);
	free(shared);
}

void usm_shared_arena_swap(struct usm_shared_arena *a,
			   struct usm_shared_arena *b)
{
	struct usm_shared_arena was = *a;

	*a = *b;
	*b = was;
}

uint32_t usm_shared_arena_nr_free(const struct usm_shared_arena *shared)
{
	return __atomic_load_n(&shared->nr_free, __ATOMIC_RELAXED);
}

static uint8_t *owner_of(const struct usm_shared_arena *shared, uint32_t frame)
{
	return &shared->owner[frame - shared->span.base];
}

static bool owns(const struct usm_shared_arena *shared, uint32_t frame)
{
	uint32_t at = frame - shared->span.base;

	return usm_span_has(&shared->span, frame) &&
	       shared->owned[at / RUN] >> (at % RUN) & 1;
}

unsigned int usm_shared_arena_owner(const struct usm_shared_arena *shared,
				    uint32_t frame)
{
	if (!owns(shared, frame))
		return USM_OWNER_NOBODY;
	return __atomic_load_n(owner_of(shared, frame), __ATOMIC_ACQUIRE);
}

static uint64_t load(const struct usm_shared_arena *shared, uint32_t run)
{
	return __atomic_load_n(&shared->free[run], __ATOMIC_SEQ_CST);
}

/*
 * Makes the hints tell what the run is now.  Looking again afterwards is what
 * lets threads do this to the same run at once: the last to write has seen
 * the last state.
 */
static void refile(struct usm_shared_arena *shared, uint32_t run)
{
	uint64_t frames;

	do {
		frames = load(shared, run);
		usm_hints_set(&shared->whole, run, !~frames);
		usm_hints_set(&shared->scrap, run, frames && ~frames);
	} while (load(shared, run) != frames);
}

/* Into the reserve; the owners say so already. */
static void put(struct usm_shared_arena *shared, uint32_t run, uint64_t frames)
{
	/* Counted before it can be taken, so that the count never wraps. */
	__atomic_fetch_add(&shared->nr_free,
			   (uint32_t)__builtin_popcountll(frames),
			   __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&shared->free[run], frames, __ATOMIC_SEQ_CST);
	refile(shared, run);
}

int usm_shared_arena_claim(struct usm_shared_arena *shared, unsigned int worker,
			   uint32_t frame)
{
	uint8_t nobody = USM_OWNER_NOBODY;

	if (!owns(shared, frame))
		return -EPERM;
	if (!__atomic_compare_exchange_n(owner_of(shared, frame), &nobody,
					 (uint8_t)worker, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return -EEXIST;
	return 0;
}

int usm_shared_arena_add(struct usm_shared_arena *shared, uint32_t frame)
{
	uint32_t at = frame - shared->span.base;
	int err = usm_shared_arena_claim(shared, USM_OWNER_RESERVE, frame);

	if (!err)
		put(shared, at / RUN, 1ULL << (at % RUN));
	return err;
}

/*
 * The owners of eight frames are one word, which is written and compared at
 * once where all eight are meant: most of what moves is whole runs.
 */
static uint64_t *owners_of_eight(struct usm_shared_arena *shared, uint32_t run,
				 uint32_t eight)
{
	return (uint64_t *)&shared->owner[run * RUN + eight * 8];
}

static uint64_t owner_times_eight(unsigned int owner)
{
	return owner * 0x0101010101010101ULL;
}

static void set_owner(struct usm_shared_arena *shared, uint32_t run,
		      uint64_t frames, unsigned int owner)
{
	uint32_t i, bit;

	for (i = 0; frames; i++, frames >>= 8) {
		if ((frames & 0xff) == 0xff) {
			__atomic_store_n(owners_of_eight(shared, run, i),
					 owner_times_eight(owner),
					 __ATOMIC_RELEASE);
			continue;
		}
		for (bit = 0; bit < 8; bit++)
			if (frames >> bit & 1)
				__atomic_store_n(
					&shared->owner[run * RUN + i * 8 + bit],
					(uint8_t)owner, __ATOMIC_RELEASE);
	}
}

/* Those of the frames that have this owner. */
static uint64_t owned_by(struct usm_shared_arena *shared, uint32_t run,
			 uint64_t frames, unsigned int owner)
{
	uint64_t all = owner_times_eight(owner), found = 0;
	uint32_t i, bit;

	for (i = 0; i < RUN / 8; i++) {
		uint64_t owners = __atomic_load_n(
			owners_of_eight(shared, run, i), __ATOMIC_RELAXED);

		if (owners == all) {
			found |= 0xffULL << (i * 8);
			continue;
		}
		for (bit = 0; bit < 8; bit++)
			found |= (uint64_t)((owners >> (bit * 8) & 0xff) ==
					    owner)
				 << (i * 8 + bit);
	}
	return found & frames;
}

/* Frames that were just taken out of the run's word. */
static void taken(struct usm_shared_arena *shared, uint32_t run,
		  uint64_t frames, unsigned int worker)
{
	__atomic_fetch_sub(&shared->nr_free,
			   (uint32_t)__builtin_popcountll(frames),
			   __ATOMIC_SEQ_CST);
	set_owner(shared, run, frames, worker);
	refile(shared, run);
}

/* The `nr` lowest of a set. */
static uint64_t lowest(uint64_t frames, uint32_t nr)
{
	uint64_t left = frames;

	if (nr >= RUN)
		return frames;
	while (left && nr--)
		left &= left - 1;
	return frames & ~left;
}

/* Up to max frames out of a run; those that somebody else was faster to take
 * are not among them. */
static uint64_t take_from(struct usm_shared_arena *shared, uint32_t run,
			  uint32_t max, unsigned int worker)
{
	uint64_t wanted = lowest(load(shared, run), max), got = 0;

	if (wanted)
		got = wanted & __atomic_fetch_and(&shared->free[run], ~wanted,
						  __ATOMIC_SEQ_CST);
	if (got)
		taken(shared, run, got, worker);
	return got;
}

/*
 * The hints know of nothing, the count does: somebody is just changing them.
 * A look at every run finds what is there.
 */
static uint64_t search(struct usm_shared_arena *shared, uint32_t max,
		       unsigned int worker, uint32_t *run)
{
	uint32_t i;

	for (i = 0; i < usm_span_words(&shared->span); i++) {
		uint64_t got;

		if (!usm_shared_arena_nr_free(shared))
			break;
		got = take_from(shared, i, max, worker);
		if (got) {
			*run = i;
			return got;
		}
	}
	return 0;
}

uint32_t usm_shared_arena_take(struct usm_shared_arena *shared,
			       unsigned int worker, enum usm_shared_want want,
			       uint32_t max, struct usm_shared_run *out)
{
	const struct usm_hints *first =
		want == USM_WANT_RUNS ? &shared->whole : &shared->scrap;
	const struct usm_hints *second =
		want == USM_WANT_RUNS ? &shared->scrap : &shared->whole;
	uint64_t got = 0;
	uint32_t run;

	while (!got && max) {
		run = usm_hints_first(first);
		if (run == USM_HINTS_NONE)
			run = usm_hints_first(second);
		if (run == USM_HINTS_NONE) {
			got = search(shared, max, worker, &run);
			break;
		}
		got = take_from(shared, run, max, worker);
		/* A hint that was wrong is put right, not followed again. */
		if (!got)
			refile(shared, run);
	}
	if (!got)
		return 0;
	out->first = shared->span.base + run * RUN;
	out->frames = got;
	return (uint32_t)__builtin_popcountll(got);
}

/* The lowest piece of nr aligned frames in a set, as a mask; 0: none. */
static uint64_t piece_in(uint64_t frames, uint32_t nr)
{
	uint64_t piece = nr == RUN ? ~0ULL : (1ULL << nr) - 1;
	uint32_t at;

	for (at = 0; at < RUN; at += nr)
		if ((frames >> at & piece) == piece)
			return piece << at;
	return 0;
}

/* All of a piece or nothing. */
static uint64_t take_piece(struct usm_shared_arena *shared, uint32_t run,
			   uint32_t nr, unsigned int worker)
{
	uint64_t frames = load(shared, run), piece;

	do {
		piece = piece_in(frames, nr);
		if (!piece)
			return 0;
	} while (!__atomic_compare_exchange_n(
		&shared->free[run], &frames, frames & ~piece, false,
		__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	taken(shared, run, piece, worker);
	return piece;
}

/*
 * A piece of one of the next `looks` runs from the first broken one on; whole
 * ones are left alone if others will do.
 */
static uint64_t take_piece_near(struct usm_shared_arena *shared, uint32_t looks,
				bool spare_whole, uint32_t nr,
				unsigned int worker, uint32_t *run)
{
	uint32_t at = usm_hints_first(&shared->scrap);
	uint32_t words = usm_span_words(&shared->span);

	for (at = at == USM_HINTS_NONE ? 0 : at; at < words && looks--; at++) {
		uint64_t got = 0;

		if (!spare_whole || usm_hints_test(&shared->scrap, at))
			got = take_piece(shared, at, nr, worker);
		if (got) {
			*run = at;
			return got;
		}
	}
	return 0;
}

uint32_t usm_shared_arena_take_aligned(struct usm_shared_arena *shared,
				       unsigned int worker, uint32_t nr)
{
	uint64_t got = 0;
	uint32_t run = 0;

	if (nr < RUN)
		got = take_piece_near(shared, PIECE_LOOKS, true, nr, worker,
				      &run);
	while (!got) {
		run = usm_hints_first(&shared->whole);
		if (run == USM_HINTS_NONE)
			break;
		got = take_piece(shared, run, nr, worker);
		if (!got)
			refile(shared, run);
	}
	/* No whole run: a piece may lie in any broken one. */
	if (!got && usm_shared_arena_nr_free(shared) >= nr)
		got = take_piece_near(shared, UINT32_MAX, false, nr, worker,
				      &run);
	if (!got)
		return USM_FRAME_NONE;
	return shared->span.base + run * RUN + (uint32_t)__builtin_ctzll(got);
}

uint64_t usm_shared_arena_give(struct usm_shared_arena *shared,
			       unsigned int worker,
			       const struct usm_shared_run *run)
{
	uint32_t at = run->first - shared->span.base;
	uint64_t mine;

	if (at >= shared->span.frames || at % RUN)
		return 0;
	mine = owned_by(shared, at / RUN, run->frames, worker);
	if (!mine)
		return 0;
	/* Before it can be taken: the next owner writes its own name. */
	set_owner(shared, at / RUN, mine, USM_OWNER_RESERVE);
	put(shared, at / RUN, mine);
	return mine;
}
