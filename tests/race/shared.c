/* SPDX-License-Identifier: MIT */
/*
 * Workers take runs, scraps and pieces out of the shared arena and give them
 * back in other portions: no frame is in two hands, none is lost, what is
 * given twice or by somebody else is refused, and at rest the hints are exact.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "instance/arena/shared.h"
#include "race.h"

#define THREADS 4
#define FIRST 77
#define FRAMES 1200 /* few enough that the reserve runs dry now and then */
#define BASE (FIRST & ~63U)
#define WORDS ((FIRST + FRAMES - BASE + 63) / 64)

struct worker {
	unsigned int index;
	uint64_t random;
	uint64_t held[WORDS];
	uint64_t taken, dry, refused;
};

static struct usm_shared_arena *shared;
static uint64_t rounds;
/* Who has each frame, index + 1; checked and changed by its holder. */
static uint8_t holder[WORDS * 64];

static uint32_t draw(struct worker *worker, uint32_t below)
{
	worker->random ^= worker->random << 13;
	worker->random ^= worker->random >> 7;
	worker->random ^= worker->random << 17;
	return (uint32_t)(worker->random % below);
}

static void hold(struct worker *worker, uint32_t first, uint64_t frames)
{
	uint32_t word = (first - BASE) / 64;

	worker->held[word] |= frames;
	for (; frames; frames &= frames - 1) {
		uint32_t at = word * 64 + (uint32_t)__builtin_ctzll(frames);
		uint8_t before = __atomic_exchange_n(
			&holder[at], (uint8_t)(worker->index + 1),
			__ATOMIC_SEQ_CST);

		race_check(!before, "frame %u taken from worker %u", BASE + at,
			   before - 1);
		race_check(usm_shared_arena_owner(shared, BASE + at) ==
				   worker->index,
			   "frame %u has another owner", BASE + at);
		worker->taken++;
	}
}

static void take(struct worker *worker)
{
	struct usm_shared_run run;
	uint32_t nr, first;

	if (draw(worker, 3)) {
		nr = usm_shared_arena_take(shared, worker->index,
					   draw(worker, 2) ? USM_WANT_RUNS
							   : USM_WANT_SCRAPS,
					   draw(worker, 64) + 1, &run);
		if (nr)
			hold(worker, run.first, run.frames);
		worker->dry += !nr;
		return;
	}
	nr = 1U << draw(worker, 7);
	first = usm_shared_arena_take_aligned(shared, worker->index, nr);
	if (first == USM_FRAME_NONE)
		return;
	race_check(!(first & (nr - 1)), "%u frames at %u", nr, first);
	hold(worker, first,
	     (nr == 64 ? ~0ULL : (1ULL << nr) - 1) << ((first - BASE) % 64));
}

static void give(struct worker *worker, uint32_t word, uint64_t mask)
{
	struct usm_shared_run run = { BASE + word * 64,
				      worker->held[word] & mask };
	uint64_t left = run.frames;

	for (; left; left &= left - 1)
		__atomic_store_n(&holder[word * 64 + __builtin_ctzll(left)], 0,
				 __ATOMIC_SEQ_CST);
	worker->held[word] &= ~run.frames;
	race_check(usm_shared_arena_give(shared, worker->index, &run) ==
			   run.frames,
		   "what was taken is not taken back");
	/* It may be with anybody else by now. */
	race_check(!usm_shared_arena_give(shared, worker->index, &run),
		   "taken back twice");
	worker->refused += (uint64_t)__builtin_popcountll(run.frames);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	uint64_t round;
	uint32_t word;

	for (round = 0; round < rounds; round++) {
		if (draw(worker, 2)) {
			take(worker);
			continue;
		}
		word = draw(worker, WORDS);
		give(worker, word, draw(worker, 2) ? ~0ULL : worker->random);
	}
	for (word = 0; word < WORDS; word++)
		give(worker, word, ~0ULL);
	return NULL;
}

static void check_nothing_lost(void)
{
	struct usm_shared_run run;
	struct worker last = { .index = 0 };
	uint32_t nr = 0, whole = 0, got;

	race_check(usm_shared_arena_nr_free(shared) == FRAMES, "%u frames left",
		   usm_shared_arena_nr_free(shared));
	do {
		got = usm_shared_arena_take(shared, 0, USM_WANT_RUNS, 64, &run);
		if (got)
			hold(&last, run.first, run.frames);
		race_check(got != 64 || whole == nr, "a whole run was hidden");
		whole += got == 64 ? got : 0;
		nr += got;
	} while (got);
	race_check(nr == FRAMES, "%u frames came out", nr);
}

int main(void)
{
	static const struct usm_extent extent = { FIRST, FRAMES };
	static struct worker workers[THREADS];
	uint64_t taken = 0, dry = 0, refused = 0;
	pthread_t threads[THREADS];
	unsigned int i;

	race_watchdog();
	rounds = race_rounds(60000);
	race_check(!usm_shared_arena_create(&extent, 1, &shared), "create");
	for (i = 0; i < FRAMES; i++)
		race_check(!usm_shared_arena_add(shared, FIRST + i), "add");
	for (i = 0; i < THREADS; i++) {
		workers[i].index = i;
		workers[i].random = 88172645463325252ULL + i;
		race_check(
			!pthread_create(&threads[i], NULL, work, &workers[i]),
			"thread");
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		taken += workers[i].taken;
		dry += workers[i].dry;
		refused += workers[i].refused;
	}
	check_nothing_lost();
	printf("%lu frames taken, %lu refused, %lu times dry\n", taken, refused,
	       dry);
	usm_shared_arena_destroy(shared);
	return 0;
}
