/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/config.h"
#include "fake_kernel.h"
#include "instance/policies/alloc/checked.h"
#include "instance/policies/alloc/registry.h"
#include "liars.h"

#define STEPS 60000
#define FRAMES 700
#define FIRST 1003 /* not aligned to anything */
#define MEMBERS 5
#define PAGES 64 /* per member, so that windows are revisited */

struct world {
	struct usm_checked_alloc *checked;
	uint32_t out[FRAMES]; /* frames in use */
	uint32_t nr_out;
	char used[FRAMES];
	uint64_t page; /* touched last */
};

static void world_init(struct world *world,
		       const struct usm_alloc_policy *policy)
{
	static const struct usm_extent extent = { FIRST, FRAMES };
	uint32_t i;

	memset(world, 0, sizeof(*world));
	cr_assert_eq(usm_checked_alloc_create(policy, NULL, &extent, 1,
					      &world->checked, NULL),
		     0);
	for (i = 0; i < FRAMES; i++)
		cr_assert(usm_checked_alloc_give(world->checked, FIRST + i));
}

static void world_fini(struct world *world)
{
	usm_checked_alloc_destroy(world->checked);
}

/* How often an answer of the policy was not carried out. */
static uint64_t overruled(const struct world *world)
{
	struct usm_policy_stat stats[4] = { 0 };

	cr_assert_geq(usm_checked_alloc_stats(world->checked, stats, 4), 1);
	cr_assert_str_eq(stats[0].name, "overruled");
	return stats[0].value;
}

static void use(struct world *world, uint32_t frame)
{
	cr_assert_lt(frame - FIRST, FRAMES);
	cr_assert_not(world->used[frame - FIRST]);
	cr_assert_not(usm_checked_alloc_has(world->checked, frame));
	world->used[frame - FIRST] = 1;
	world->out[world->nr_out++] = frame;
}

/* What goes ahead with a frame is used as well. */
static void use_range(struct world *world, const struct usm_fault *fault,
		      uint32_t frame)
{
	struct usm_range_wish wish;
	uint32_t i;

	if (!usm_checked_alloc_range(world->checked, fault, frame, &wish))
		return;
	cr_assert(wish.frames && wish.frames <= USM_RANGE_FRAMES_MAX);
	cr_assert_geq(wish.addr, fault->vma_start);
	cr_assert_leq(wish.addr + wish.frames * 4096ULL, fault->vma_end);
	cr_assert(fault->addr < wish.addr ||
		  fault->addr >= wish.addr + wish.frames * 4096ULL);
	for (i = 0; i < wish.frames; i++)
		use(world, wish.first + i);
}

static uint32_t pick(struct world *world, uint64_t *seed, bool ahead)
{
	/* Some go on where they were. */
	uint64_t page = fake_random(seed) % 4 ? ++world->page % PAGES
					      : fake_random(seed) % PAGES;
	uint64_t start = 0x7f0000000000 + (fake_random(seed) % 40 << 12);
	struct usm_fault fault = {
		.member = (uint32_t)(fake_random(seed) % MEMBERS),
		.addr = 0x7f0000000000 + (page << 12),
		.vma_start = start,
		.vma_end = start + (64 << 12),
	};
	uint32_t frame;

	/* Mappings of any shape around the page. */
	if (fault.addr < fault.vma_start)
		fault.vma_start = fault.addr;
	if (fault.addr >= fault.vma_end)
		fault.vma_end = fault.addr + 4096;
	world->page = page;
	frame = usm_checked_alloc_pick(world->checked, &fault);
	if (frame == USM_FRAME_NONE)
		return frame;
	use(world, frame);
	if (ahead)
		use_range(world, &fault, frame);
	return frame;
}

/*
 * Never a frame twice, never a foreign one, never NONE while there is a free
 * one, and in the end everything is back.
 */
static void random_life(const struct usm_alloc_policy *policy, uint64_t seed,
			uint64_t *wrong)
{
	struct world world;
	unsigned int step;
	uint32_t i, frame;

	world_init(&world, policy);
	for (step = 0; step < STEPS; step++) {
		/* Phases of growth and of shrinking, to meet both ends. */
		bool grow = step / 4000 % 2 == 0;

		if (fake_random(&seed) % 512 == 0)
			usm_checked_alloc_process_exit(
				world.checked,
				(uint32_t)(fake_random(&seed) % MEMBERS));
		if (fake_random(&seed) % 8 < (grow ? 6 : 2)) {
			if (pick(&world, &seed, true) == USM_FRAME_NONE)
				cr_assert_eq(world.nr_out, FRAMES);
		} else if (world.nr_out) {
			i = (uint32_t)(fake_random(&seed) % world.nr_out);
			frame = world.out[i];
			world.out[i] = world.out[--world.nr_out];
			world.used[frame - FIRST] = 0;
			cr_assert(usm_checked_alloc_give(world.checked, frame));
			/* A second report changes nothing. */
			cr_assert_not(
				usm_checked_alloc_give(world.checked, frame));
		}
	}
	while (world.nr_out)
		usm_checked_alloc_give(world.checked,
				       world.out[--world.nr_out]);
	cr_assert_eq(usm_checked_alloc_nr(world.checked), FRAMES);
	memset(world.used, 0, sizeof(world.used));
	for (i = 0; i < FRAMES; i++)
		cr_assert_neq(pick(&world, &seed, false), USM_FRAME_NONE);
	cr_assert_eq(pick(&world, &seed, false), USM_FRAME_NONE);
	*wrong = overruled(&world);
	world_fini(&world);
}

Test(policies, live_through_random_operations)
{
	const struct usm_alloc_policy *const *policy;

	uint64_t wrong;

	for (policy = usm_alloc_registry; *policy; policy++) {
		random_life(*policy, 42, &wrong);
		cr_assert_eq(wrong, 0, "%s", (*policy)->name);
		random_life(*policy, 4242, &wrong);
		cr_assert_eq(wrong, 0, "%s", (*policy)->name);
	}
}

Test(policies, cannot_do_harm)
{
	const struct usm_alloc_policy *const *policy;
	uint64_t wrong;

	for (policy = liar_allocs; *policy; policy++) {
		random_life(*policy, 7, &wrong);
		cr_assert_gt(wrong, 0, "%s", (*policy)->name);
	}
}

Test(policies, options_that_no_policy_knows_are_named)
{
	static const struct usm_extent extent = { FIRST, FRAMES };
	static const struct usm_settings settings = {
		.nr = 1,
		.setting = { { .key = "size", .value = "7" } },
	};
	struct usm_checked_alloc *checked = NULL;
	struct usm_failure failure = { 0 };

	cr_assert_eq(usm_checked_alloc_create(&usm_alloc_first_fit, &settings,
					      &extent, 1, &checked, &failure),
		     -ENOENT);
	cr_assert_null(checked);
	cr_assert_str_eq(failure.text, "policy.alloc_options.size: policy "
				       "\"first-fit\" has no such option");
}

Test(policies, configuration_and_registry_name_the_same)
{
	unsigned int i;

	for (i = 0; usm_alloc_policies[i]; i++)
		cr_assert(usm_alloc_policy_find(usm_alloc_policies[i]),
			  "%s is not built in", usm_alloc_policies[i]);
	cr_assert_null(usm_alloc_registry[i]);
	cr_assert_null(usm_alloc_policy_find("none-such"));
}

Test(policies, first_fit_keeps_low)
{
	struct world world;
	struct usm_fault fault = { .member = 1 };
	uint32_t i;

	world_init(&world, &usm_alloc_first_fit);
	for (i = 0; i < 10; i++)
		cr_assert_eq(usm_checked_alloc_pick(world.checked, &fault),
			     FIRST + i);
	usm_checked_alloc_give(world.checked, FIRST + 3);
	cr_assert_eq(usm_checked_alloc_pick(world.checked, &fault), FIRST + 3);
	cr_assert_eq(usm_checked_alloc_pick(world.checked, &fault), FIRST + 10);
	world_fini(&world);
}
