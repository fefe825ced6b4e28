/* SPDX-License-Identifier: MIT */
#include "fake_stock.h"

#include <criterion/criterion.h>

#include "instance/policies/alloc/registry.h"
#include "instance/worker/stock_books.h"
#include "instance/worker/stock_refill.h"

const struct usm_fault fake_stock_fault = {
	.addr = 0x1000,
	.vma_end = 0x100000,
	.member = 1,
};

void fake_stock_init(struct fake_stock *fake, uint32_t nr_frames)
{
	fake_kernel_init(&fake->kernel, nr_frames);
	cr_assert_eq(usm_returned_create(&fake->kernel.extent, 1, FAKE_BASE_PFN,
					 &fake->kernel.ops, &fake->returned),
		     0);
	cr_assert_eq(usm_stock_create(&fake->kernel.extent, 1,
				      &usm_alloc_first_fit, &fake->kernel.ops,
				      fake->returned, &fake->stock),
		     0);
}

void fake_stock_fini(struct fake_stock *fake)
{
	usm_stock_destroy(fake->stock);
	usm_returned_destroy(fake->returned);
	fake_kernel_fini(&fake->kernel);
}

void fake_stock_fill(struct fake_stock *fake)
{
	uint32_t recovered = 0;

	cr_assert_eq(usm_stock_reconcile(fake->stock, &recovered), 0);
	cr_assert_eq(recovered, fake->kernel.extent.frames);
}

uint32_t fake_stock_use(struct fake_stock *fake)
{
	bool dry = false;
	uint32_t frame = usm_stock_pick(fake->stock, &fake_stock_fault, &dry);

	if (frame != USM_FRAME_NONE)
		*fake_state(&fake->kernel, frame) = USM_FRAME_MAPPED;
	return frame;
}
