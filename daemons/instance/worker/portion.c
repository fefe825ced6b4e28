/* SPDX-License-Identifier: MIT */
#include "instance/worker/portion.h"

#include "instance/arena/arena.h"

#define RUN USM_SHARED_RUN_FRAMES

/* Which of a word's frames may go. */
enum what {
	WHOLE_RUNS, /* all of them, if they are free all together */
	FREE_FRAMES,
	ANY_IN_STOCK, /* whatever the policy wants with them */
};

uint32_t usm_portion_fetch(struct usm_shared_arena *shared, unsigned int worker,
			   struct usm_checked_alloc *frames, uint32_t nr,
			   void (*take)(void *ctx, uint32_t frame), void *ctx)
{
	struct usm_arena *arena = usm_checked_alloc_arena(frames);
	enum usm_shared_want want = usm_arena_run_frames(arena) > 1
					    ? USM_WANT_RUNS
					    : USM_WANT_SCRAPS;
	uint32_t fetched = 0;

	while (fetched < nr) {
		uint32_t left = nr - fetched;
		struct usm_shared_run run;
		uint32_t got = usm_shared_arena_take(
			shared, worker, want, left < RUN ? left : RUN, &run);

		if (!got)
			break;
		usm_arena_own(arena, run.first, run.frames);
		for (; run.frames; run.frames &= run.frames - 1)
			take(ctx,
			     run.first + (uint32_t)__builtin_ctzll(run.frames));
		fetched += got;
	}
	return fetched;
}

/* The nr highest of a set. */
static uint64_t highest(uint64_t set, uint32_t nr)
{
	uint32_t surplus = (uint32_t)__builtin_popcountll(set);

	for (; surplus > nr; surplus--)
		set &= set - 1;
	return set;
}

static uint64_t choose(struct usm_checked_alloc *frames, uint32_t word,
		       enum what what, uint32_t nr)
{
	uint64_t set;

	if (what == ANY_IN_STOCK)
		return highest(usm_checked_alloc_word(frames, word), nr);
	set = usm_arena_word_free(usm_checked_alloc_arena(frames), word) &
	      usm_checked_alloc_word(frames, word);
	if (what == WHOLE_RUNS && (~set || nr < RUN))
		return 0;
	return highest(set, nr);
}

static void hand_over(struct usm_shared_arena *shared, unsigned int worker,
		      struct usm_checked_alloc *frames,
		      const struct usm_shared_run *run)
{
	uint64_t left = run->frames;

	for (; left; left &= left - 1)
		usm_checked_alloc_take(
			frames, run->first + (uint32_t)__builtin_ctzll(left));
	usm_arena_disown(usm_checked_alloc_arena(frames), run->first,
			 run->frames);
	usm_shared_arena_give(shared, worker, run);
}

uint32_t usm_portion_return(struct usm_shared_arena *shared,
			    unsigned int worker,
			    struct usm_checked_alloc *frames, uint32_t nr,
			    bool set_aside)
{
	const struct usm_arena *arena = usm_checked_alloc_arena(frames);
	enum what last = set_aside ? ANY_IN_STOCK : FREE_FRAMES, what;
	uint32_t returned = 0;

	for (what = WHOLE_RUNS; what <= last; what++) {
		uint32_t word = usm_arena_nr_words(arena);

		while (word-- && returned < nr) {
			struct usm_shared_run run = {
				.first = usm_arena_word_first(arena, word),
				.frames = choose(frames, word, what,
						 nr - returned),
			};

			if (!run.frames)
				continue;
			hand_over(shared, worker, frames, &run);
			returned += (uint32_t)__builtin_popcountll(run.frames);
		}
	}
	return returned;
}
