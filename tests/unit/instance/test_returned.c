/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>

#include "fake_kernel.h"
#include "instance/arena/returned.h"

#define FRAMES 5000

static struct fake_kernel fake;
static struct usm_returned *returned;
static uint32_t got[FRAMES];
static uint32_t nr_got;

static void setup(void)
{
	fake_kernel_init(&fake, FRAMES);
	cr_assert_eq(usm_returned_create(&fake.extent, 1, FAKE_BASE_PFN,
					 &fake.ops, &returned),
		     0);
	nr_got = 0;
}

static void teardown(void)
{
	usm_returned_destroy(returned);
	fake_kernel_fini(&fake);
}

TestSuite(returned, .init = setup, .fini = teardown);

static void take(void *ctx, uint32_t frame)
{
	(void)ctx;
	got[nr_got++] = frame;
}

Test(returned, carries_what_the_kernel_reports)
{
	uint32_t collected = 99, i;

	cr_assert_eq(usm_returned_collect(returned, &collected), 0);
	cr_assert_eq(collected, 0);
	cr_assert_not(usm_returned_pending(returned, 0));
	for (i = 0; i < FRAMES; i += 3)
		fake_come_home(&fake, FAKE_FIRST + i, 0);
	cr_assert_eq(usm_returned_collect(returned, &collected), 0);
	cr_assert_eq(collected, (FRAMES + 2) / 3);
	cr_assert(usm_returned_pending(returned, 0));
	cr_assert_eq(usm_returned_drain(returned, 0, take, NULL), collected);
	cr_assert_not(usm_returned_pending(returned, 0));
	for (i = 0; i < nr_got; i++)
		cr_assert_eq(got[i], FAKE_FIRST + i * 3);
	cr_assert_eq(usm_returned_drain(returned, 0, take, NULL), 0);
}

Test(returned, same_frame_twice_is_one_frame)
{
	cr_assert_eq(usm_returned_put(returned, FAKE_FIRST), 0);
	cr_assert_eq(usm_returned_put(returned, FAKE_FIRST), 0);
	cr_assert_eq(usm_returned_drain(returned, 0, take, NULL), 1);
}

Test(returned, refuses_frames_of_others)
{
	cr_assert_eq(usm_returned_put(returned, FAKE_FIRST - 1), -EPERM);
	cr_assert_eq(usm_returned_put(returned, FAKE_FIRST + FRAMES), -EPERM);
	cr_assert_eq(usm_returned_put(returned, USM_FRAME_NONE), -EPERM);
	cr_assert_not(usm_returned_pending(returned, 0));
}

static int foreign_then_nothing(void *ctx, uint64_t *pfns, uint32_t *nr)
{
	int *calls = ctx;

	if ((*calls)++)
		return *calls == 2 ? -EAGAIN : -ENODEV;
	pfns[0] = FAKE_BASE_PFN; /* before the partition */
	pfns[1] = FAKE_BASE_PFN + FAKE_FIRST;
	pfns[2] = 5; /* before the pool */
	*nr = 3;
	return 0;
}

Test(returned, counts_foreign_frames_and_passes_errors_on)
{
	int calls = 0;
	struct usm_kernel kernel = {
		.ctx = &calls,
		.read_freed = foreign_then_nothing,
	};
	struct usm_returned *other;

	cr_assert_eq(usm_returned_create(&fake.extent, 1, FAKE_BASE_PFN,
					 &kernel, &other),
		     0);
	cr_assert_eq(usm_returned_collect(other, NULL), 0);
	cr_assert_eq(usm_returned_foreign(other), 2);
	cr_assert_eq(usm_returned_drain(other, 0, take, NULL), 1);
	cr_assert_eq(usm_returned_collect(other, NULL), -ENODEV);
	usm_returned_destroy(other);
}
