/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "fake_stock.h"
#include "instance/policies/alloc/registry.h"
#include "instance/worker/stock_policy.h"

#define FRAMES 8

static struct fake_stock fake;

static void setup(void)
{
	fake_stock_init(&fake, FRAMES);
}

static void teardown(void)
{
	fake_stock_fini(&fake);
}

TestSuite(stock_policy, .init = setup, .fini = teardown);

Test(stock_policy, another_policy_takes_over_every_frame)
{
	uint32_t used[3], frame, i;

	fake_stock_fill(&fake);
	for (i = 0; i < 3; i++)
		used[i] = fake_stock_use(&fake);
	cr_assert_eq(usm_stock_replace_policy(fake.stock, &usm_alloc_extent,
					      NULL, NULL),
		     0);
	cr_assert_eq(usm_stock_nr(fake.stock), FRAMES - 3);
	for (i = 0; i < FRAMES - 3; i++) {
		frame = fake_stock_use(&fake);
		cr_assert_neq(frame, USM_FRAME_NONE);
		cr_assert(frame != used[0] && frame != used[1] &&
			  frame != used[2]);
	}
	/* What the old one gave out comes home to the new one. */
	fake_come_home(&fake.kernel, used[1], 0);
	cr_assert_eq(fake_stock_use(&fake), used[1]);
	cr_assert_eq(fake_stock_use(&fake), USM_FRAME_NONE);
}

Test(stock_policy, policy_that_refuses_its_settings_changes_nothing)
{
	static const struct usm_settings settings = {
		.nr = 1,
		.setting = { { .key = "speed", .value = "high" } },
	};
	struct usm_failure failure = { 0 };

	fake_stock_fill(&fake);
	cr_assert_eq(usm_stock_replace_policy(fake.stock, &usm_alloc_extent,
					      &settings, &failure),
		     -ENOENT);
	cr_assert(strstr(failure.text, "policy.alloc_options.speed"));
	cr_assert_eq(usm_stock_nr(fake.stock), FRAMES);
	cr_assert_eq(fake_stock_use(&fake), FAKE_FIRST);
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

Test(stock_policy, tells_the_policy_who_comes_and_goes)
{
	static const struct usm_process process = { .member = 3, .tgid = 77 };
	static struct usm_alloc_policy policy;

	policy = usm_alloc_first_fit;
	policy.process_new = hear;
	policy.process_exit = hear_end;
	cr_assert_eq(usm_stock_replace_policy(fake.stock, &policy, NULL, NULL),
		     0);
	usm_stock_member_new(fake.stock, &process);
	cr_assert_eq(told.member, 3);
	cr_assert_eq(told.tgid, 77);
	usm_stock_member_gone(fake.stock, 3);
	cr_assert_eq(ended, 3);
}
