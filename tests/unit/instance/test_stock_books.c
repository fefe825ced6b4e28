/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "fake_stock.h"
#include "instance/worker/stock_books.h"
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

TestSuite(stock_books, .init = setup, .fini = teardown);

Test(stock_books, starts_with_what_the_kernel_calls_free)
{
	uint32_t recovered = 0, i;

	*fake_state(&fake.kernel, FAKE_FIRST + 2) = USM_FRAME_MAPPED;
	*fake_state(&fake.kernel, FAKE_FIRST + 3) = USM_FRAME_QUARANTINED;
	*fake_state(&fake.kernel, FAKE_FIRST + 4) = USM_FRAME_MAPPED;
	fake_come_home(&fake.kernel, FAKE_FIRST + 4, 0);
	cr_assert_eq(usm_returned_collect(fake.returned, NULL), 0);
	cr_assert_eq(usm_stock_reconcile(fake.stock, &recovered), 0);
	for (i = 0; i < FRAMES; i++)
		cr_assert_eq(usm_stock_has(fake.stock, FAKE_FIRST + i),
			     i != 2 && i != 3);
	cr_assert_eq(usm_stock_reconcile(fake.stock, &recovered), 0);
	cr_assert_eq(recovered, 0);
}

Test(stock_books, stale_answer_comes_back_only_if_free)
{
	bool dry = false;
	uint32_t frame;

	fake_stock_fill(&fake);
	frame = usm_stock_pick(fake.stock, &fake_stock_fault, &dry);
	cr_assert_not(usm_stock_has(fake.stock, frame));
	usm_stock_refused(fake.stock, frame, true);
	cr_assert(usm_stock_has(fake.stock, frame));
	/* The thread saw the reply by itself: the frame is in use. */
	frame = fake_stock_use(&fake);
	usm_stock_refused(fake.stock, frame, true);
	cr_assert_not(usm_stock_has(fake.stock, frame));
	/* Refused as such: forgotten until it is reported. */
	frame = usm_stock_pick(fake.stock, &fake_stock_fault, &dry);
	usm_stock_refused(fake.stock, frame, false);
	cr_assert_not(usm_stock_has(fake.stock, frame));
	usm_stock_refused(fake.stock, USM_FRAME_NONE, true);
	usm_stock_refused(fake.stock, FAKE_FIRST + FRAMES, true);
}
