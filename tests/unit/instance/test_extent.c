/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "instance/arena/arena.h"
#include "instance/policies/alloc/registry.h"

#define FIRST 4096
#define FRAMES 1024
#define BASE 0x550000000000ULL

static const struct usm_alloc_policy *const policy = &usm_alloc_extent;
static struct usm_arena *arena;
static void *ctx;

static void setup(void)
{
	static const struct usm_extent extent = { FIRST, FRAMES };
	uint32_t i;

	cr_assert_eq(usm_arena_create(&extent, 1, policy->run_frames, &arena),
		     0);
	cr_assert_eq(policy->init(arena, &ctx), 0);
	for (i = 0; i < FRAMES; i++)
		policy->released(ctx, FIRST + i);
}

static void teardown(void)
{
	policy->fini(ctx);
	usm_arena_destroy(arena);
}

TestSuite(extent, .init = setup, .fini = teardown);

static uint32_t touch(uint32_t member, uint64_t page, uint64_t from,
		      uint64_t to)
{
	struct usm_fault fault = {
		.member = member,
		.addr = BASE + (page << 12),
		.vma_start = BASE + (from << 12),
		.vma_end = BASE + (to << 12),
	};

	return policy->pick(ctx, &fault);
}

Test(extent, sequential_touches_are_all_adjacent)
{
	uint32_t before = touch(1, 0, 0, FRAMES), frame;
	uint64_t page;

	for (page = 1; page < FRAMES; page++) {
		frame = touch(1, page, 0, FRAMES);
		cr_assert_eq(frame, before + 1, "page %lu", page);
		before = frame;
	}
	cr_assert_eq(touch(1, FRAMES, 0, 2 * FRAMES), USM_FRAME_NONE);
}

Test(extent, interleaved_members_stay_apart_within_windows)
{
	uint32_t before[2] = { 0, 0 };
	unsigned int adjacent = 0;
	uint64_t page;
	uint32_t member, frame;

	for (page = 0; page < 256; page++) {
		for (member = 0; member < 2; member++) {
			frame = touch(member + 1, page, 0, 256);
			adjacent += frame == before[member] + 1;
			before[member] = frame;
		}
	}
	cr_assert_geq(adjacent, 2 * 240);
}

Test(extent, touches_in_any_order_land_at_their_place)
{
	uint32_t base = touch(1, 37, 0, 64) - 37 % 16;
	uint64_t page;

	for (page = 47; page >= 32; page--)
		if (page != 37)
			cr_assert_eq(touch(1, page, 0, 64), base + page % 16);
}

Test(extent, reservation_is_clipped_to_the_mapping)
{
	uint32_t frame = touch(1, 5, 4, 8);

	/* 4 pages set aside, one of them used; 12 left of the run. */
	cr_assert_eq(frame % 16, 5);
	cr_assert_eq(usm_arena_nr_free(arena), FRAMES - 4);
	cr_assert_not(usm_arena_is_free(arena, frame + 1));
	cr_assert_eq(touch(1, 6, 4, 8), frame + 1);
	/* The mapping grows: the next page still lands beside it. */
	cr_assert_eq(touch(1, 8, 4, 12), frame + 3);
	/* A lone page reserves nothing and takes a scrap. */
	cr_assert_neq(touch(2, 99, 99, 100), USM_FRAME_NONE);
	cr_assert_eq(usm_arena_nr_free(arena), FRAMES - 6);
}

Test(extent, refault_gets_its_own_frame_back)
{
	uint32_t frame = touch(1, 3, 0, 16);

	cr_assert_eq(touch(1, 4, 0, 16), frame + 1);
	policy->released(ctx, frame);
	cr_assert_eq(touch(1, 3, 0, 16), frame);
	/* Copy-on-write: the place is taken, any other frame will do. */
	cr_assert_neq(touch(1, 3, 0, 16), frame);
}

Test(extent, window_without_pages_gives_its_run_back)
{
	uint32_t frame = touch(1, 0, 0, 16);

	cr_assert_eq(usm_arena_nr_free(arena), FRAMES - 16);
	policy->released(ctx, frame);
	cr_assert_eq(usm_arena_nr_free(arena), FRAMES);
}

Test(extent, member_that_ends_gives_reservations_back)
{
	uint32_t frame = touch(7, 0, 0, 16);

	touch(8, 0, 0, 16);
	policy->process_exit(ctx, 7);
	cr_assert_eq(usm_arena_nr_free(arena), FRAMES - 17);
	policy->released(ctx, frame);
	cr_assert_eq(usm_arena_nr_free(arena), FRAMES - 16);
}

Test(extent, pressure_breaks_the_least_recently_used)
{
	uint64_t window;
	uint32_t i, frame, old;

	/* One page in every window: everything is set aside. */
	old = touch(1, 0, 0, 1 << 20);
	for (window = 1; window < FRAMES / 16; window++)
		touch(1, window * 16, 0, 1 << 20);
	cr_assert_eq(usm_arena_nr_free(arena), 0);
	/* A use keeps the first window's reservation young. */
	cr_assert_eq(touch(1, 1, 0, 1 << 20), old + 1);
	/* Other faults are served out of the second's 15 spare frames. */
	for (i = 0; i < 15; i++) {
		frame = touch(2, 0x1000 + 16 * i, 0, 1 << 20);
		cr_assert_eq(frame / 16, old / 16 + 1);
	}
	cr_assert_eq(touch(1, 2, 0, 1 << 20), old + 2);
	/* To the last frame. */
	for (i = 0; i < FRAMES - FRAMES / 16 - 17; i++)
		cr_assert_neq(touch(2, 0x8000 + 16 * i, 0, 1 << 20),
			      USM_FRAME_NONE);
	cr_assert_eq(touch(2, 0x7000, 0, 1 << 20), USM_FRAME_NONE);
}
