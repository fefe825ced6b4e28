/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "common/config.h"
#include "fake_kernel.h"
#include "instance/evict/watermarks.h"
#include "instance/policies/evict/checked.h"
#include "instance/policies/evict/ghost.h"
#include "instance/policies/evict/registry.h"
#include "liars.h"

#define FRAMES 300
#define STEPS 40000
#define PAGE usm_page_id(1, 0x7f0000000000)

Test(evict_policies, are_those_of_the_configuration)
{
	size_t i;

	for (i = 0; usm_evict_policies[i]; i++)
		cr_assert_not_null(usm_evict_policy_find(usm_evict_policies[i]),
				   "%s", usm_evict_policies[i]);
	cr_assert_null(usm_evict_registry[i]);
	cr_assert_null(usm_evict_policy_find("lottery"));
}

static uint32_t one(const struct usm_evict_policy *policy, void *ctx)
{
	uint32_t victim = USM_FRAME_NONE;

	policy->choose(ctx, FRAMES, false, &victim, 1);
	return victim;
}

Test(fifo, takes_the_oldest)
{
	const struct usm_evict_policy *fifo = &usm_evict_fifo;
	void *ctx;

	cr_assert_eq(fifo->init(FRAMES, &ctx), 0);
	cr_assert_eq(one(fifo, ctx), USM_FRAME_NONE);
	fifo->placed(ctx, 5, PAGE);
	fifo->placed(ctx, 2, PAGE);
	fifo->placed(ctx, 9, PAGE);
	fifo->placed(ctx, 5, PAGE); /* still there: keeps its place */
	fifo->placed(ctx, FRAMES, PAGE); /* not ours */
	cr_assert_eq(one(fifo, ctx), 5);
	fifo->placed(ctx, 5, PAGE);
	fifo->removed(ctx, 2);
	cr_assert_eq(one(fifo, ctx), 9);
	cr_assert_eq(one(fifo, ctx), 5);
	cr_assert_eq(one(fifo, ctx), USM_FRAME_NONE);
	fifo->fini(ctx);
}

Test(clock, gives_what_was_used_a_second_chance)
{
	const struct usm_evict_policy *clock = &usm_evict_clock;
	uint32_t victims[4], frames[4], i;
	void *ctx;

	cr_assert_eq(clock->init(FRAMES, &ctx), 0);
	cr_assert_eq(clock->upcoming(ctx, frames, 4), 0);
	cr_assert_eq(one(clock, ctx), USM_FRAME_NONE);
	for (i = 0; i < 4; i++)
		clock->placed(ctx, 70 * i, PAGE);
	cr_assert_eq(clock->upcoming(ctx, frames, 3), 3);
	cr_assert_eq(frames[2], 140);
	/* All are new: the first round only takes the mark away. */
	cr_assert_eq(clock->choose(ctx, 4, false, victims, 4), 0);
	clock->accessed(ctx, 0);
	clock->accessed(ctx, 140);
	clock->accessed(ctx, 1); /* holds nothing */
	cr_assert_eq(clock->choose(ctx, 4, false, victims, 4), 2);
	cr_assert_eq(victims[0], 70);
	cr_assert_eq(victims[1], 210);
	cr_assert_eq(one(clock, ctx), 0);
	clock->fini(ctx);
}

Test(clock, takes_any_when_all_are_used)
{
	const struct usm_evict_policy *clock = &usm_evict_clock;
	uint32_t victims[2];
	void *ctx;

	cr_assert_eq(clock->init(FRAMES, &ctx), 0);
	clock->placed(ctx, 299, PAGE);
	clock->placed(ctx, 63, PAGE);
	cr_assert_eq(clock->choose(ctx, 9, true, victims, 2), 2);
	cr_assert_eq(victims[0], 63);
	cr_assert_eq(victims[1], 299);
	clock->fini(ctx);
}

/* Looks as the pager does: reads and clears the bits that are asked for. */
static void look(const struct usm_evict_policy *policy, void *ctx, bool *used)
{
	uint32_t frames[FRAMES], i;
	uint32_t nr = policy->upcoming(ctx, frames, FRAMES);

	for (i = 0; i < nr; i++) {
		if (used[frames[i]])
			policy->accessed(ctx, frames[i]);
		used[frames[i]] = false;
	}
}

Test(lru, goes_by_the_last_use_that_was_seen)
{
	const struct usm_evict_policy *lru = &usm_evict_lru;
	bool used[FRAMES] = { 0 };
	uint32_t i;
	void *ctx;

	cr_assert_eq(lru->init(FRAMES, &ctx), 0);
	for (i = 0; i < 5; i++)
		lru->placed(ctx, i, PAGE + i);
	used[0] = used[2] = true;
	look(lru, ctx, used);
	cr_assert_eq(one(lru, ctx), 1);
	look(lru, ctx, used);
	cr_assert_eq(one(lru, ctx), 3);
	lru->placed(ctx, 1, PAGE + 9);
	used[4] = true;
	look(lru, ctx, used);
	/* 0 and 2 in the order of their last use, then 1, which is new, then 4. */
	cr_assert_eq(one(lru, ctx), 0);
	cr_assert_eq(one(lru, ctx), 2);
	cr_assert_eq(one(lru, ctx), 1);
	cr_assert_eq(one(lru, ctx), 4);
	cr_assert_eq(one(lru, ctx), USM_FRAME_NONE);
	lru->fini(ctx);
}

Test(lru, looks_for_uses_everywhere)
{
	const struct usm_evict_policy *lru = &usm_evict_lru;
	uint32_t frames[20], victims[20], seen[FRAMES] = { 0 }, i, j;
	void *ctx;

	cr_assert_eq(lru->init(FRAMES, &ctx), 0);
	for (i = 0; i < FRAMES; i++)
		lru->placed(ctx, i, PAGE + i);
	/* Half of a look is for the oldest, half goes on from new to old. */
	for (i = 0; i < FRAMES / 10; i++) {
		cr_assert_eq(lru->upcoming(ctx, frames, 20), 20);
		cr_assert_eq(frames[0], 0);
		cr_assert_eq(frames[10], FRAMES - 1 - 10 * i);
		for (j = 0; j < 20; j++)
			seen[frames[j]]++;
		cr_assert_eq(lru->choose(ctx, 20, false, victims, 0), 0);
	}
	for (i = 0; i < FRAMES; i++)
		cr_assert_gt(seen[i], 0);
	/* One that the hand finds in use is the last to go. */
	cr_assert_eq(lru->upcoming(ctx, frames, 20), 20);
	lru->accessed(ctx, frames[15]);
	cr_assert_eq(lru->choose(ctx, 20, false, victims, 1), 1);
	for (i = 1; i < FRAMES; i++)
		cr_assert_eq(one(lru, ctx) == frames[15], i == FRAMES - 1);
	lru->fini(ctx);
}

/* The bit of the access that brought the page tells nothing. */
static void first_bit_is_no_use(const struct usm_evict_policy *policy)
{
	bool used[FRAMES] = { 0 };
	void *ctx;

	cr_assert_eq(policy->init(FRAMES, &ctx), 0);
	policy->placed(ctx, 0, PAGE);
	policy->placed(ctx, 1, PAGE + 1);
	used[0] = used[1] = true;
	/* New pages have half of each look. */
	look(policy, ctx, used);
	cr_assert_eq(policy->choose(ctx, 2, false, NULL, 0), 0);
	look(policy, ctx, used);
	cr_assert_eq(policy->choose(ctx, 2, false, NULL, 0), 0);
	/* From here on it does. */
	used[0] = true;
	look(policy, ctx, used);
	cr_assert_eq(one(policy, ctx), 1, "%s", policy->name);
	policy->fini(ctx);
}

Test(sieve, first_bit_is_no_use)
{
	first_bit_is_no_use(&usm_evict_sieve);
}

Test(s3_fifo, first_bit_is_no_use)
{
	first_bit_is_no_use(&usm_evict_s3_fifo);
}

/* Places pages in frames [0, nr) and has their first bits read. */
static void *filled(const struct usm_evict_policy *policy, uint32_t nr)
{
	uint32_t i;
	void *ctx;

	cr_assert_eq(policy->init(FRAMES, &ctx), 0);
	for (i = 0; i < nr; i++)
		policy->placed(ctx, i, PAGE + i);
	policy->choose(ctx, FRAMES, false, NULL, 0);
	policy->choose(ctx, FRAMES, false, NULL, 0);
	return ctx;
}

Test(sieve, hand_stays_where_it_was)
{
	const struct usm_evict_policy *sieve = &usm_evict_sieve;
	void *ctx = filled(sieve, 6);

	sieve->accessed(ctx, 0);
	sieve->accessed(ctx, 2);
	sieve->accessed(ctx, 5);
	/* 0 stays, once; the hand does not come back to it. */
	cr_assert_eq(one(sieve, ctx), 1);
	cr_assert_eq(one(sieve, ctx), 3);
	sieve->placed(ctx, 1, PAGE + 10);
	cr_assert_eq(one(sieve, ctx), 4);
	/* Past 5, which was used, into what is new. */
	cr_assert_eq(one(sieve, ctx), 1);
	/* And round: nobody used 0 and 2 again. */
	cr_assert_eq(one(sieve, ctx), 0);
	cr_assert_eq(one(sieve, ctx), 2);
	cr_assert_eq(one(sieve, ctx), 5);
	sieve->fini(ctx);
}

Test(sieve, hand_survives_what_it_points_to)
{
	const struct usm_evict_policy *sieve = &usm_evict_sieve;
	void *ctx = filled(sieve, 4);

	cr_assert_eq(one(sieve, ctx), 0);
	sieve->removed(ctx, 1);
	cr_assert_eq(one(sieve, ctx), 2);
	sieve->removed(ctx, 3);
	cr_assert_eq(one(sieve, ctx), USM_FRAME_NONE);
	sieve->fini(ctx);
}

Test(s3_fifo, scans_leave_the_main_queue_alone)
{
	const struct usm_evict_policy *s3 = &usm_evict_s3_fifo;
	void *ctx = filled(s3, 100);
	uint32_t i, frame;

	/* The first half is used, goes to the main queue, and rests. */
	for (i = 0; i < 50; i++)
		s3->accessed(ctx, i);
	for (i = 50; i < 90; i++)
		cr_assert_eq(one(s3, ctx), i);
	/* A scan of a thousand pages goes through what is left. */
	for (i = 0; i < 1000; i++) {
		s3->placed(ctx, i < 40 ? 50 + i : frame, PAGE + 1000 + i);
		if (i < 39)
			continue;
		frame = one(s3, ctx);
		cr_assert_geq(frame, 50, "page %u of the scan", i);
	}
	s3->fini(ctx);
}

Test(s3_fifo, who_comes_back_goes_to_the_main_queue)
{
	const struct usm_evict_policy *s3 = &usm_evict_s3_fifo;
	void *ctx = filled(s3, 20);
	uint32_t i;

	cr_assert_eq(one(s3, ctx), 0);
	cr_assert_eq(one(s3, ctx), 1);
	/* The page that was in frame 0 is back, in frame 1; in 0 is another. */
	s3->placed(ctx, 1, PAGE);
	s3->placed(ctx, 0, PAGE + 100);
	/* All that is in the small queue goes first, down to its share. */
	for (i = 2; i < 20; i++)
		cr_assert_eq(one(s3, ctx), i);
	cr_assert_eq(one(s3, ctx), 0);
	cr_assert_eq(one(s3, ctx), 1);
	s3->fini(ctx);
}

Test(ghost, remembers_the_last_so_many)
{
	struct usm_ghost ghost;
	uint64_t page;
	uint32_t known = 0;

	cr_assert_eq(usm_ghost_init(&ghost, 1000), 0);
	cr_assert_not(usm_ghost_take(&ghost, 1, 1000));
	for (page = 1; page <= 5000; page++)
		usm_ghost_add(&ghost, page << 12);
	cr_assert_not(usm_ghost_take(&ghost, 4000 << 12, 1000));
	cr_assert_not(usm_ghost_take(&ghost, 7777 << 12, 1000));
	for (page = 4001; page <= 5000; page++)
		known += usm_ghost_take(&ghost, page << 12, 1000);
	/* All but those whose bucket ran over. */
	cr_assert_gt(known, 900);
	/* Once only. */
	for (page = 1; page <= 5000; page++)
		cr_assert_not(usm_ghost_take(&ghost, page << 12, 1000));
	usm_ghost_fini(&ghost);
	usm_ghost_fini(&ghost);
}

/* Never a frame that holds nothing, never one twice, none forgotten. */
static void random_life(const struct usm_evict_policy *policy, bool honest,
			uint64_t seed, uint64_t *wrong)
{
	char present[FRAMES] = { 0 };
	uint32_t step, i, nr = 0, victims[8], frames[16], got;
	struct usm_policy_stat stats[4] = { 0 };
	struct usm_checked_evict *checked;

	cr_assert_eq(
		usm_checked_evict_create(policy, NULL, FRAMES, &checked, NULL),
		0);
	for (step = 0; step < STEPS; step++) {
		uint32_t frame = (uint32_t)(fake_random(&seed) % FRAMES);
		bool any = fake_random(&seed) % 4 == 0;

		switch (fake_random(&seed) % 6) {
		case 0:
			got = usm_checked_evict_choose(checked, 16, any,
						       victims, 8);
			cr_assert(got || !any || !nr);
			for (i = 0; i < got; i++) {
				cr_assert(present[victims[i]]);
				present[victims[i]] = 0;
			}
			nr -= got;
			break;
		case 1:
			usm_checked_evict_removed(checked, frame);
			nr -= present[frame] ? 1 : 0;
			present[frame] = 0;
			break;
		case 2:
			usm_checked_evict_accessed(checked, frame);
			break;
		case 3:
			got = usm_checked_evict_upcoming(checked, frames, 16);
			if (usm_checked_evict_looks(checked) && honest)
				cr_assert_eq(got, nr < 16 ? nr : 16);
			for (i = 0; i < got; i++)
				cr_assert(present[frames[i]]);
			break;
		default:
			usm_checked_evict_placed(checked, frame,
						 1 + fake_random(&seed) % 1000);
			nr += present[frame] ? 0 : 1;
			present[frame] = 1;
		}
	}
	while ((got = usm_checked_evict_choose(checked, FRAMES, true, victims,
					       8)))
		nr -= got;
	cr_assert_eq(nr, 0);
	cr_assert_geq(usm_checked_evict_stats(checked, stats, 4), 1);
	*wrong = stats[0].value;
	usm_checked_evict_destroy(checked);
}

Test(evict_policies, live_through_random_pages)
{
	const struct usm_evict_policy *const *policy;
	uint64_t wrong;

	for (policy = usm_evict_registry; *policy; policy++) {
		random_life(*policy, true, 5, &wrong);
		cr_assert_eq(wrong, 0, "%s", (*policy)->name);
	}
}

Test(evict_policies, cannot_do_harm)
{
	const struct usm_evict_policy *const *policy;
	uint64_t wrong;

	for (policy = liar_evicts; *policy; policy++) {
		random_life(*policy, false, 6, &wrong);
		cr_assert_gt(wrong, 0, "%s", (*policy)->name);
	}
}

Test(watermarks, evict_from_low_to_high)
{
	struct usm_watermarks marks = usm_watermarks_of(1000, 3, 6);

	cr_assert_eq(marks.low, 30);
	cr_assert_eq(marks.high, 60);
	cr_assert_not(usm_watermarks_evict(&marks, 30, false));
	cr_assert(usm_watermarks_evict(&marks, 29, false));
	cr_assert(usm_watermarks_evict(&marks, 59, true));
	cr_assert_not(usm_watermarks_evict(&marks, 60, true));
	/* Tiny ones still differ. */
	marks = usm_watermarks_of(1, 0, 1);
	cr_assert_lt(marks.low, marks.high);
}
