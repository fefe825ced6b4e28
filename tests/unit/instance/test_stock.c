/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "fake_kernel.h"
#include "instance/policies/alloc/registry.h"
#include "instance/worker/backoff.h"
#include "instance/worker/stock.h"
#include "instance/worker/stock_books.h"
#include "instance/worker/stock_policy.h"
#include "instance/worker/stock_refill.h"

#define FRAMES 8

static struct fake_kernel fake;
static struct usm_returned *returned;
static struct usm_stock *stock;
static const struct usm_fault fault = {
	.addr = 0x1000,
	.vma_end = 0x100000,
	.member = 1,
};

static void setup(void)
{
	fake_kernel_init(&fake, FRAMES);
	cr_assert_eq(usm_returned_create(&fake.extent, 1, FAKE_BASE_PFN,
					 &fake.ops, &returned),
		     0);
	cr_assert_eq(usm_stock_create(&fake.extent, 1, &usm_alloc_first_fit,
				      &fake.ops, returned, &stock),
		     0);
}

static void teardown(void)
{
	usm_stock_destroy(stock);
	usm_returned_destroy(returned);
	fake_kernel_fini(&fake);
}

TestSuite(stock, .init = setup, .fini = teardown);

/* Picks a frame and has the kernel accept it. */
static uint32_t use(void)
{
	bool dry = false;
	uint32_t frame = usm_stock_pick(stock, &fault, &dry);

	if (frame != USM_FRAME_NONE)
		*fake_state(&fake, frame) = USM_FRAME_MAPPED;
	return frame;
}

static void fill(void)
{
	uint32_t recovered = 0;

	cr_assert_eq(usm_stock_reconcile(stock, &recovered), 0);
	cr_assert_eq(recovered, FRAMES);
}

Test(stock, starts_with_what_the_kernel_calls_free)
{
	uint32_t recovered = 0, i;

	*fake_state(&fake, FAKE_FIRST + 2) = USM_FRAME_MAPPED;
	*fake_state(&fake, FAKE_FIRST + 3) = USM_FRAME_QUARANTINED;
	*fake_state(&fake, FAKE_FIRST + 4) = USM_FRAME_MAPPED;
	fake_come_home(&fake, FAKE_FIRST + 4, 0);
	cr_assert_eq(usm_returned_collect(returned, NULL), 0);
	cr_assert_eq(usm_stock_reconcile(stock, &recovered), 0);
	for (i = 0; i < FRAMES; i++)
		cr_assert_eq(usm_stock_has(stock, FAKE_FIRST + i),
			     i != 2 && i != 3);
	cr_assert_eq(usm_stock_reconcile(stock, &recovered), 0);
	cr_assert_eq(recovered, 0);
}

Test(stock, empty_stock_reads_what_came_home)
{
	uint32_t i;

	fill();
	for (i = 0; i < FRAMES; i++)
		cr_assert_eq(use(), FAKE_FIRST + i);
	fake_come_home(&fake, FAKE_FIRST + 5, 0);
	cr_assert_eq(use(), FAKE_FIRST + 5);
	cr_assert_eq(fake.scans, 0);
}

Test(stock, empty_stock_has_the_kernel_scan)
{
	uint32_t i;

	fill();
	for (i = 0; i < FRAMES; i++)
		use();
	fake_come_home(&fake, FAKE_FIRST + 6, 1);
	cr_assert_eq(use(), FAKE_FIRST + 6);
	cr_assert_eq(fake.scans, 1);
}

Test(stock, fruitless_scans_get_rarer)
{
	bool dry = false;
	uint32_t i;

	fill();
	for (i = 0; i < FRAMES; i++)
		use();
	cr_assert_eq(usm_stock_pick(stock, &fault, &dry), USM_FRAME_NONE);
	cr_assert(dry);
	for (i = 0; i < 1000; i++)
		cr_assert_eq(use(), USM_FRAME_NONE);
	cr_assert_lt(fake.scans, 100);
	/* Frames that are reported need no scan. */
	fake_come_home(&fake, FAKE_FIRST, 0);
	cr_assert_eq(use(), FAKE_FIRST);
}

Test(stock, stale_answer_comes_back_only_if_free)
{
	bool dry = false;
	uint32_t frame;

	fill();
	frame = usm_stock_pick(stock, &fault, &dry);
	cr_assert_not(usm_stock_has(stock, frame));
	usm_stock_refused(stock, frame, true);
	cr_assert(usm_stock_has(stock, frame));
	/* The thread saw the reply by itself: the frame is in use. */
	frame = use();
	usm_stock_refused(stock, frame, true);
	cr_assert_not(usm_stock_has(stock, frame));
	/* Refused as such: forgotten until it is reported. */
	frame = usm_stock_pick(stock, &fault, &dry);
	usm_stock_refused(stock, frame, false);
	cr_assert_not(usm_stock_has(stock, frame));
	usm_stock_refused(stock, USM_FRAME_NONE, true);
	usm_stock_refused(stock, FAKE_FIRST + FRAMES, true);
}

Test(backoff, doubles_and_forgets)
{
	struct usm_backoff backoff;

	usm_backoff_init(&backoff, 10, 40);
	cr_assert(usm_backoff_due(&backoff, 0));
	usm_backoff_result(&backoff, 100, false);
	cr_assert_not(usm_backoff_due(&backoff, 109));
	cr_assert(usm_backoff_due(&backoff, 110));
	usm_backoff_result(&backoff, 110, false);
	cr_assert_eq(backoff.pause_ns, 20);
	usm_backoff_result(&backoff, 130, false);
	usm_backoff_result(&backoff, 170, false);
	cr_assert_eq(backoff.pause_ns, 40);
	usm_backoff_result(&backoff, 210, true);
	cr_assert(usm_backoff_due(&backoff, 210));
}

Test(stock, another_policy_takes_over_every_frame)
{
	uint32_t used[3], frame, i;

	fill();
	for (i = 0; i < 3; i++)
		used[i] = use();
	cr_assert_eq(
		usm_stock_replace_policy(stock, &usm_alloc_extent, NULL, NULL),
		0);
	cr_assert_eq(usm_stock_nr(stock), FRAMES - 3);
	for (i = 0; i < FRAMES - 3; i++) {
		frame = use();
		cr_assert_neq(frame, USM_FRAME_NONE);
		cr_assert(frame != used[0] && frame != used[1] &&
			  frame != used[2]);
	}
	/* What the old one gave out comes home to the new one. */
	fake_come_home(&fake, used[1], 0);
	cr_assert_eq(use(), used[1]);
	cr_assert_eq(use(), USM_FRAME_NONE);
}

Test(stock, policy_that_refuses_its_settings_changes_nothing)
{
	static const struct usm_settings settings = {
		.nr = 1,
		.setting = { { .key = "speed", .value = "high" } },
	};
	struct usm_failure failure = { 0 };

	fill();
	cr_assert_eq(usm_stock_replace_policy(stock, &usm_alloc_extent,
					      &settings, &failure),
		     -ENOENT);
	cr_assert(strstr(failure.text, "policy.alloc_options.speed"));
	cr_assert_eq(usm_stock_nr(stock), FRAMES);
	cr_assert_eq(use(), FAKE_FIRST);
}

static struct usm_process told;
static uint32_t ended;

static void hear(void *ctx, const struct usm_process *process)
{
	(void)ctx;
	told = *process;
}

static void hear_end(void *ctx, uint32_t member)
{
	(void)ctx;
	ended = member;
}

Test(stock, tells_the_policy_who_comes_and_goes)
{
	static const struct usm_process process = { .member = 3, .tgid = 77 };
	static struct usm_alloc_policy policy;

	policy = usm_alloc_first_fit;
	policy.process_new = hear;
	policy.process_exit = hear_end;
	cr_assert_eq(usm_stock_replace_policy(stock, &policy, NULL, NULL), 0);
	usm_stock_member_new(stock, &process);
	cr_assert_eq(told.member, 3);
	cr_assert_eq(told.tgid, 77);
	usm_stock_member_gone(stock, 3);
	cr_assert_eq(ended, 3);
}
