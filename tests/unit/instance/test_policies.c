/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/config.h"
#include "fake_kernel.h"
#include "instance/arena/arena.h"
#include "instance/policies/alloc/registry.h"

#define STEPS 60000
#define FRAMES 700
#define FIRST 1003 /* not aligned to anything */
#define MEMBERS 5
#define PAGES 64 /* per member, so that windows are revisited */

struct world {
	const struct usm_alloc_policy *policy;
	struct usm_arena *arena;
	void *ctx;
	uint32_t out[FRAMES]; /* frames in use */
	uint32_t nr_out;
	char used[FRAMES];
};

static void world_init(struct world *world,
		       const struct usm_alloc_policy *policy)
{
	static const struct usm_extent extent = { FIRST, FRAMES };
	uint32_t i;

	memset(world, 0, sizeof(*world));
	world->policy = policy;
	cr_assert_eq(
		usm_arena_create(&extent, 1, policy->run_frames, &world->arena),
		0);
	cr_assert_eq(policy->init(world->arena, &world->ctx), 0);
	for (i = 0; i < FRAMES; i++)
		policy->released(world->ctx, FIRST + i);
}

static void world_fini(struct world *world)
{
	world->policy->fini(world->ctx);
	usm_arena_destroy(world->arena);
}

static uint32_t pick(struct world *world, uint64_t *seed)
{
	uint64_t page = fake_random(seed) % PAGES;
	uint64_t start = 0x7f0000000000 + (fake_random(seed) % 40 << 12);
	struct usm_fault fault = {
		.member = (uint32_t)(fake_random(seed) % MEMBERS),
		.addr = 0x7f0000000000 + (page << 12),
		.vma_start = start,
		.vma_end = start + (64 << 12),
	};

	/* Mappings of any shape around the page. */
	if (fault.addr < fault.vma_start)
		fault.vma_start = fault.addr;
	if (fault.addr >= fault.vma_end)
		fault.vma_end = fault.addr + 4096;
	return world->policy->pick(world->ctx, &fault);
}

/*
 * Never a frame twice, never a foreign one, never NONE while there is a free
 * one, and in the end everything is back.
 */
static void random_life(const struct usm_alloc_policy *policy, uint64_t seed)
{
	struct world world;
	unsigned int step;
	uint32_t i, frame;

	world_init(&world, policy);
	for (step = 0; step < STEPS; step++) {
		/* Phases of growth and of shrinking, to meet both ends. */
		bool grow = step / 4000 % 2 == 0;

		if (policy->process_exit && fake_random(&seed) % 512 == 0)
			policy->process_exit(
				world.ctx,
				(uint32_t)(fake_random(&seed) % MEMBERS));
		if (fake_random(&seed) % 8 < (grow ? 6 : 2)) {
			frame = pick(&world, &seed);
			if (frame == USM_FRAME_NONE) {
				cr_assert_eq(world.nr_out, FRAMES);
				continue;
			}
			cr_assert_lt(frame - FIRST, FRAMES);
			cr_assert_not(world.used[frame - FIRST]);
			cr_assert_not(policy->is_free(world.ctx, frame));
			world.used[frame - FIRST] = 1;
			world.out[world.nr_out++] = frame;
		} else if (world.nr_out) {
			i = (uint32_t)(fake_random(&seed) % world.nr_out);
			frame = world.out[i];
			world.out[i] = world.out[--world.nr_out];
			world.used[frame - FIRST] = 0;
			policy->released(world.ctx, frame);
			cr_assert(policy->is_free(world.ctx, frame));
			/* A second report changes nothing. */
			policy->released(world.ctx, frame);
		}
	}
	while (world.nr_out)
		policy->released(world.ctx, world.out[--world.nr_out]);
	for (i = 0; i < FRAMES; i++)
		cr_assert(policy->is_free(world.ctx, FIRST + i));
	/* Reservations of nothing but free frames do not survive. */
	cr_assert_eq(usm_arena_nr_free(world.arena), FRAMES);
	world_fini(&world);
}

Test(policies, live_through_random_operations)
{
	const struct usm_alloc_policy *const *policy;

	for (policy = usm_alloc_registry; *policy; policy++) {
		random_life(*policy, 42);
		random_life(*policy, 4242);
	}
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
		cr_assert_eq(world.policy->pick(world.ctx, &fault), FIRST + i);
	world.policy->released(world.ctx, FIRST + 3);
	cr_assert_eq(world.policy->pick(world.ctx, &fault), FIRST + 3);
	cr_assert_eq(world.policy->pick(world.ctx, &fault), FIRST + 10);
	world_fini(&world);
}
