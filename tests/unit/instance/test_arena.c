/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "fake_kernel.h"
#include "instance/arena/arena.h"

#define STEPS 40000
#define SPAN 1000

/* Two extents that share a run of 16, and a lone frame. */
static const struct usm_extent extents[] = {
	{ .first = 70, .frames = 100 },
	{ .first = 172, .frames = 300 },
	{ .first = 900, .frames = 1 },
};

static int owned(uint32_t frame)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (frame - extents[i].first < extents[i].frames)
			return 1;
	return 0;
}

static void fill(struct usm_arena *arena)
{
	uint32_t frame;

	for (frame = 0; frame < SPAN; frame++)
		cr_assert_eq(usm_arena_give(arena, frame),
			     owned(frame) ? 0 : -EPERM);
}

Test(arena, takes_the_lowest_frame_first)
{
	struct usm_arena *arena;
	uint32_t frame;

	cr_assert_eq(usm_arena_create(extents, 3, 16, &arena), 0);
	cr_assert_eq(usm_arena_take_lowest(arena), USM_FRAME_NONE);
	fill(arena);
	cr_assert_eq(usm_arena_nr_owned(arena), 401);
	cr_assert_eq(usm_arena_nr_free(arena), 401);
	for (frame = 0; frame < SPAN; frame++)
		if (owned(frame))
			cr_assert_eq(usm_arena_take_lowest(arena), frame);
	cr_assert_eq(usm_arena_take_lowest(arena), USM_FRAME_NONE);
	usm_arena_destroy(arena);
}

Test(arena, runs_are_aligned_and_wholly_owned)
{
	struct usm_arena *arena;
	uint32_t first, run;

	cr_assert_eq(usm_arena_create(extents, 3, 16, &arena), 0);
	fill(arena);
	first = usm_arena_find_run(arena);
	cr_assert_eq(first, 80);
	run = usm_arena_run_of(arena, first);
	usm_arena_run_take(arena, run, 0xffff);
	cr_assert_eq(usm_arena_run_free(arena, run), 0);
	cr_assert_eq(usm_arena_find_run(arena), 96);
	/* Scraps: the frames before the first whole run come first. */
	cr_assert_eq(usm_arena_take_scrap(arena), 70);
	usm_arena_run_give(arena, run, 0xffff);
	cr_assert_eq(usm_arena_find_run(arena), 80);
	/* 160..175 has a hole of foreign frames, so it is never whole. */
	cr_assert_not(
		usm_arena_run_is_whole(arena, usm_arena_run_of(arena, 160)));
	usm_arena_destroy(arena);
}

Test(arena, scraps_spare_whole_runs)
{
	static const struct usm_extent whole = { .first = 0, .frames = 64 };
	struct usm_arena *arena;
	uint32_t frame;

	cr_assert_eq(usm_arena_create(&whole, 1, 16, &arena), 0);
	for (frame = 0; frame < 64; frame++)
		usm_arena_give(arena, frame);
	cr_assert_eq(usm_arena_take_scrap(arena), USM_FRAME_NONE);
	cr_assert(usm_arena_take(arena, 40));
	for (frame = 32; frame < 48; frame++)
		if (frame != 40)
			cr_assert_eq(usm_arena_take_scrap(arena), frame);
	cr_assert_eq(usm_arena_take_scrap(arena), USM_FRAME_NONE);
	cr_assert_eq(usm_arena_nr_free(arena), 48);
	usm_arena_destroy(arena);
}

Test(arena, refuses_foreign_and_double_frames)
{
	struct usm_arena *arena;

	cr_assert_eq(usm_arena_create(extents, 3, 64, &arena), 0);
	cr_assert_eq(usm_arena_give(arena, 69), -EPERM);
	cr_assert_eq(usm_arena_give(arena, 170), -EPERM);
	cr_assert_eq(usm_arena_give(arena, USM_FRAME_NONE), -EPERM);
	cr_assert_eq(usm_arena_give(arena, 900), 0);
	cr_assert_eq(usm_arena_give(arena, 900), -EEXIST);
	cr_assert(usm_arena_take(arena, 900));
	cr_assert_not(usm_arena_take(arena, 900));
	cr_assert_not(usm_arena_take(arena, 5000));
	usm_arena_destroy(arena);
}

Test(arena, refuses_bad_partitions)
{
	static const struct usm_extent twice[] = { { 10, 10 }, { 19, 2 } };
	static const struct usm_extent empty = { 10, 0 };
	static const struct usm_extent beyond = { USM_FRAME_NONE - 1, 5 };
	struct usm_arena *arena = NULL;

	cr_assert_eq(usm_arena_create(twice, 2, 16, &arena), -EINVAL);
	cr_assert_eq(usm_arena_create(&empty, 1, 16, &arena), -EINVAL);
	cr_assert_eq(usm_arena_create(&beyond, 1, 16, &arena), -EINVAL);
	cr_assert_eq(usm_arena_create(extents, 0, 16, &arena), -EINVAL);
	cr_assert_eq(usm_arena_create(extents, 3, 0, &arena), -EINVAL);
	cr_assert_eq(usm_arena_create(extents, 3, 24, &arena), -EINVAL);
	cr_assert_eq(usm_arena_create(extents, 3, 128, &arena), -EINVAL);
	cr_assert_null(arena);
	usm_arena_destroy(NULL);
}

/* Every operation in random order agrees with an array of flags. */
static void agree_with_model(uint32_t run_frames, uint64_t seed)
{
	struct usm_arena *arena;
	char is_free[SPAN] = { 0 };
	uint32_t nr_free = 0, frame, lowest;
	unsigned int step;

	cr_assert_eq(usm_arena_create(extents, 3, run_frames, &arena), 0);
	for (step = 0; step < STEPS; step++) {
		frame = (uint32_t)(fake_random(&seed) % SPAN);
		switch (fake_random(&seed) % 4) {
		case 0:
		case 1:
			if (!usm_arena_give(arena, frame)) {
				cr_assert(owned(frame) && !is_free[frame]);
				is_free[frame] = 1;
				nr_free++;
			}
			break;
		case 2:
			cr_assert_eq(usm_arena_take(arena, frame),
				     is_free[frame]);
			nr_free -= (uint32_t)is_free[frame];
			is_free[frame] = 0;
			break;
		default:
			frame = fake_random(&seed) % 2
					? usm_arena_take_lowest(arena)
					: usm_arena_take_scrap(arena);
			if (frame == USM_FRAME_NONE)
				break;
			cr_assert(is_free[frame]);
			is_free[frame] = 0;
			nr_free--;
		}
		cr_assert_eq(usm_arena_nr_free(arena), nr_free);
		lowest = usm_arena_find_run(arena);
		if (lowest != USM_FRAME_NONE) {
			cr_assert_eq(lowest % run_frames, 0);
			for (frame = 0; frame < run_frames; frame++)
				cr_assert(is_free[lowest + frame]);
		}
	}
	usm_arena_destroy(arena);
}

Test(arena, agrees_with_a_model)
{
	agree_with_model(1, 11);
	agree_with_model(16, 22);
	agree_with_model(64, 33);
}
