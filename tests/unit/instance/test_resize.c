/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "fake_kernel.h"
#include "instance/policies/alloc/registry.h"
#include "instance/worker/resize.h"
#include "instance/worker/stock_books.h"
#include "instance/worker/stock_refill.h"

#define FRAMES 256

static struct fake_kernel fake;
static struct usm_extents now;

static int extents(void *ctx, struct usm_extents *out)
{
	(void)ctx;
	*out = now;
	return 0;
}

Test(resize, follows_the_kernel_both_ways)
{
	struct usm_returned *returned;
	struct usm_stock *stock;
	struct usm_local_manager *manager;
	struct usm_channel_view view;
	struct usm_resize_parts parts = {
		.kernel = &fake.ops,
		.nr_workers = 1,
		.stocks = &stock,
		.managers = &manager,
	};
	uint32_t i;

	fake_kernel_init(&fake, FRAMES);
	fake.ops.extents = extents;
	view = fake_kernel_view(&fake);
	/* It begins with the first half. */
	now.nr_extents = 1;
	now.frames = FRAMES / 2;
	now.extents[0] = (struct usm_extent){ FAKE_FIRST, FRAMES / 2 };
	cr_assert_eq(usm_returned_create(now.extents, 1, FAKE_BASE_PFN,
					 &fake.ops, &returned),
		     0);
	cr_assert_eq(usm_stock_create(now.extents, 1, &usm_alloc_extent,
				      &fake.ops, returned, &stock),
		     0);
	cr_assert_eq(usm_local_manager_create(&view, ~0ULL, stock, NULL, 0,
					      &fake.ops, &manager),
		     0);
	cr_assert_eq(usm_stock_reconcile(stock, NULL), 0);
	cr_assert_eq(usm_stock_nr(stock), FRAMES / 2);

	/* One in use, one in a reply that nobody has looked at yet. */
	*fake_state(&fake, FAKE_FIRST + 100) = USM_FRAME_MAPPED;
	fake_fault(&fake, 9, 1, 0x9000);
	usm_local_manager_run(manager);
	now.frames = FRAMES;
	now.extents[0].frames = FRAMES;
	cr_assert_eq(usm_resize_follow(&parts), 0);
	cr_assert_eq(usm_stock_nr(stock), FRAMES - 2);
	cr_assert_not(usm_stock_has(stock, FAKE_FIRST + 100));
	cr_assert_neq(fake_consume(&fake, 9), USM_FRAME_NONE);

	/* What comes home is taken in wherever it is now. */
	fake_come_home(&fake, FAKE_FIRST + 100, 0);
	usm_returned_collect(returned, NULL);
	usm_stock_refresh(stock);
	cr_assert(usm_stock_has(stock, FAKE_FIRST + 100));

	now.frames = 10;
	now.extents[0] = (struct usm_extent){ FAKE_FIRST + 90, 10 };
	cr_assert_eq(usm_resize_follow(&parts), 0);
	for (i = 0; i < FRAMES; i++)
		cr_assert_eq(usm_stock_has(stock, FAKE_FIRST + i),
			     i >= 90 && i < 100);
	cr_assert_eq(usm_stock_nr(stock), 10);
	cr_assert_eq(fake.refused, 0);

	usm_local_manager_destroy(manager);
	usm_stock_destroy(stock);
	usm_returned_destroy(returned);
	fake_kernel_fini(&fake);
}
