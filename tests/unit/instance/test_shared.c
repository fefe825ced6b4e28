/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>

#include "instance/arena/hints.h"
#include "instance/arena/shared.h"

/* One frame into a run, six whole runs, half a run. */
#define FIRST 129
#define FRAMES (63 + 6 * 64 + 32)
#define WHOLE 192

static const struct usm_extent extent = { FIRST, FRAMES };
static struct usm_shared_arena *shared;

static void setup(void)
{
	cr_assert_eq(usm_shared_arena_create(&extent, 1, &shared), 0);
}

static void teardown(void)
{
	usm_shared_arena_destroy(shared);
}

TestSuite(shared, .init = setup, .fini = teardown);

static void fill(void)
{
	uint32_t i;

	for (i = 0; i < FRAMES; i++)
		cr_assert_eq(usm_shared_arena_add(shared, FIRST + i), 0);
	cr_assert_eq(usm_shared_arena_nr_free(shared), FRAMES);
}

Test(shared, refuses_what_is_no_partition)
{
	const struct usm_extent empty = { 10, 0 };
	const struct usm_extent twice[] = { { 10, 5 }, { 14, 2 } };
	struct usm_shared_arena *other;

	cr_assert_eq(usm_shared_arena_create(&extent, 0, &other), -EINVAL);
	cr_assert_eq(usm_shared_arena_create(&empty, 1, &other), -EINVAL);
	cr_assert_eq(usm_shared_arena_create(twice, 2, &other), -EINVAL);
	usm_shared_arena_destroy(NULL);
}

Test(shared, begins_with_nothing)
{
	struct usm_shared_run run;

	cr_assert_eq(usm_shared_arena_nr_free(shared), 0);
	cr_assert_eq(usm_shared_arena_take(shared, 0, USM_WANT_RUNS, 64, &run),
		     0);
	cr_assert_eq(usm_shared_arena_take_aligned(shared, 0, 1),
		     USM_FRAME_NONE);
	cr_assert_eq(usm_shared_arena_owner(shared, FIRST), USM_OWNER_NOBODY);
}

Test(shared, adds_a_frame_once)
{
	cr_assert_eq(usm_shared_arena_add(shared, FIRST), 0);
	cr_assert_eq(usm_shared_arena_add(shared, FIRST), -EEXIST);
	cr_assert_eq(usm_shared_arena_add(shared, FIRST - 1), -EPERM);
	cr_assert_eq(usm_shared_arena_add(shared, FIRST + FRAMES), -EPERM);
	cr_assert_eq(usm_shared_arena_add(shared, USM_FRAME_NONE), -EPERM);
	cr_assert_eq(usm_shared_arena_nr_free(shared), 1);
	cr_assert_eq(usm_shared_arena_owner(shared, FIRST), USM_OWNER_RESERVE);
}

Test(shared, gives_whole_runs_or_scraps_as_wanted)
{
	struct usm_shared_run run;

	fill();
	cr_assert_eq(usm_shared_arena_take(shared, 1, USM_WANT_RUNS, 64, &run),
		     64);
	cr_assert_eq(run.first, WHOLE);
	cr_assert_eq(run.frames, ~0ULL);
	cr_assert_eq(usm_shared_arena_owner(shared, WHOLE + 63), 1);
	cr_assert_eq(
		usm_shared_arena_take(shared, 2, USM_WANT_SCRAPS, 64, &run),
		63);
	cr_assert_eq(run.first, FIRST - 1);
	cr_assert_eq(run.frames, ~1ULL);
	cr_assert_eq(
		usm_shared_arena_take(shared, 2, USM_WANT_SCRAPS, 64, &run),
		32);
	/* No scrap is left: a whole run then. */
	cr_assert_eq(
		usm_shared_arena_take(shared, 2, USM_WANT_SCRAPS, 64, &run),
		64);
	cr_assert_eq(usm_shared_arena_nr_free(shared), 4 * 64);
}

Test(shared, gives_no_more_than_asked_for)
{
	struct usm_shared_run run;

	fill();
	cr_assert_eq(usm_shared_arena_take(shared, 0, USM_WANT_RUNS, 5, &run),
		     5);
	cr_assert_eq(run.frames, 0x1f);
	/* The rest of that run is a scrap now. */
	cr_assert_eq(usm_shared_arena_take(shared, 0, USM_WANT_RUNS, 64, &run),
		     64);
	cr_assert_eq(run.first, WHOLE + 64);
	cr_assert_eq(usm_shared_arena_take(shared, 0, USM_WANT_RUNS, 0, &run),
		     0);
}

Test(shared, aligned_pieces_come_from_broken_runs_first)
{
	struct usm_shared_run run;

	fill();
	/* The upper half of the first run is the lowest aligned one. */
	cr_assert_eq(usm_shared_arena_take_aligned(shared, 0, 32), WHOLE - 32);
	cr_assert_eq(usm_shared_arena_take_aligned(shared, 0, 16), WHOLE - 48);
	cr_assert_eq(usm_shared_arena_take_aligned(shared, 0, 64), WHOLE);
	/* The first run has 15 left and the half run is out of sight. */
	cr_assert_eq(usm_shared_arena_take_aligned(shared, 0, 16),
		     WHOLE + 6 * 64);
	while (usm_shared_arena_take_aligned(shared, 0, 64) != USM_FRAME_NONE)
		;
	cr_assert_eq(usm_shared_arena_nr_free(shared), 15 + 16);
	cr_assert_eq(usm_shared_arena_take_aligned(shared, 0, 32),
		     USM_FRAME_NONE);
	cr_assert_eq(usm_shared_arena_take_aligned(shared, 0, 8), WHOLE - 56);
	cr_assert_eq(usm_shared_arena_take(shared, 0, USM_WANT_RUNS, 64, &run),
		     7);
}

Test(shared, takes_back_only_what_the_worker_owns)
{
	struct usm_shared_run run, half;

	fill();
	usm_shared_arena_take(shared, 3, USM_WANT_RUNS, 64, &run);
	half = run;
	half.frames = 0xffffffff;
	cr_assert_eq(usm_shared_arena_give(shared, 4, &half), 0);
	cr_assert_eq(usm_shared_arena_give(shared, 3, &half), 0xffffffff);
	/* Twice: only the half that is still out. */
	cr_assert_eq(usm_shared_arena_give(shared, 3, &run), ~0xffffffffULL);
	cr_assert_eq(usm_shared_arena_give(shared, 3, &run), 0);
	cr_assert_eq(usm_shared_arena_nr_free(shared), FRAMES);
	/* It is whole again. */
	cr_assert_eq(usm_shared_arena_take(shared, 4, USM_WANT_RUNS, 64, &half),
		     64);
	cr_assert_eq(half.first, run.first);
	cr_assert_eq(usm_shared_arena_give(shared, 3, &run), 0);
	half.first++;
	cr_assert_eq(usm_shared_arena_give(shared, 4, &half), 0);
	half.first = 0;
	cr_assert_eq(usm_shared_arena_give(shared, 4, &half), 0);
}

Test(hints, keeps_members_of_every_level)
{
	static const uint32_t members[] = { 0, 63, 64, 4095, 4096, 262144 };
	struct usm_hints hints;
	unsigned int i;

	cr_assert_eq(usm_hints_init(&hints, 262145), 0);
	cr_assert_eq(usm_hints_first(&hints), USM_HINTS_NONE);
	for (i = 6; i--;) {
		usm_hints_set(&hints, members[i], true);
		usm_hints_set(&hints, members[i], true);
		cr_assert_eq(usm_hints_first(&hints), members[i]);
	}
	for (i = 0; i < 6; i++) {
		cr_assert(usm_hints_test(&hints, members[i]));
		usm_hints_set(&hints, members[i], false);
		usm_hints_set(&hints, members[i], false);
		cr_assert_not(usm_hints_test(&hints, members[i]));
		cr_assert_eq(usm_hints_first(&hints),
			     i < 5 ? members[i + 1] : USM_HINTS_NONE);
	}
	usm_hints_fini(&hints);
}
