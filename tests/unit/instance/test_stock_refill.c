/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "fake_stock.h"
#include "instance/worker/stock_refill.h"

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

TestSuite(stock_refill, .init = setup, .fini = teardown);

Test(stock_refill, empty_stock_reads_what_came_home)
{
	uint32_t i;

	fake_stock_fill(&fake);
	for (i = 0; i < FRAMES; i++)
		cr_assert_eq(fake_stock_use(&fake), FAKE_FIRST + i);
	fake_come_home(&fake.kernel, FAKE_FIRST + 5, 0);
	cr_assert_eq(fake_stock_use(&fake), FAKE_FIRST + 5);
	cr_assert_eq(fake.kernel.scans, 0);
}

Test(stock_refill, empty_stock_has_the_kernel_scan)
{
	uint32_t i;

	fake_stock_fill(&fake);
	for (i = 0; i < FRAMES; i++)
		fake_stock_use(&fake);
	fake_come_home(&fake.kernel, FAKE_FIRST + 6, 1);
	cr_assert_eq(fake_stock_use(&fake), FAKE_FIRST + 6);
	cr_assert_eq(fake.kernel.scans, 1);
}

Test(stock_refill, fruitless_scans_get_rarer)
{
	bool dry = false;
	uint32_t i;

	fake_stock_fill(&fake);
	for (i = 0; i < FRAMES; i++)
		fake_stock_use(&fake);
	cr_assert_eq(usm_stock_pick(fake.stock, &fake_stock_fault, &dry),
		     USM_FRAME_NONE);
	cr_assert(dry);
	for (i = 0; i < 1000; i++)
		cr_assert_eq(fake_stock_use(&fake), USM_FRAME_NONE);
	cr_assert_lt(fake.kernel.scans, 100);
	/* Frames that are reported need no scan. */
	fake_come_home(&fake.kernel, FAKE_FIRST, 0);
	cr_assert_eq(fake_stock_use(&fake), FAKE_FIRST);
}
