/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "common/config.h"
#include "fake_kernel.h"
#include "instance/evict/watermarks.h"
#include "instance/policies/evict/checked.h"
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
