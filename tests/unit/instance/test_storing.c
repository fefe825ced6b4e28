/* SPDX-License-Identifier: MIT */
/* Pages that are stored while the pager goes on with others. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "common/client.h"
#include "fake_pages.h"
#include "instance/evict/pager.h"
#include "instance/evict/recover.h"
#include "instance/evict/storing.h"
#include "instance/policies/alloc/registry.h"
#include "instance/policies/evict/registry.h"
#include "instance/worker/stock_books.h"
#include "instance/worker/supply.h"

static const struct usm_extent partition = { 0, FAKE_PAGE_FRAMES };

static struct fake_pages *fake;
static struct usm_returned *returned;
static struct usm_stock *stock;
static struct usm_pager *pager;

static void attach(bool fresh)
{
	struct usm_pager_options options = {
		.kernel = &fake->ops,
		.policy = &usm_evict_fifo,
		.device = &fake->device,
		.notices = &fake->notices,
		.pool = (char *)fake->pool,
		.pool_frames = FAKE_PAGE_FRAMES,
		.marks = usm_watermarks_of(FAKE_PAGE_FRAMES, 10, 20),
	};

	cr_assert_eq(
		usm_returned_create(&partition, 1, 0, &fake->ops, &returned),
		0);
	cr_assert_eq(usm_stock_create(&partition, 1, &usm_alloc_first_fit,
				      &fake->ops, returned, &stock),
		     0);
	options.stock = stock;
	cr_assert_eq(usm_pager_create(&options, &pager), 0);
	usm_pager_wait_by(pager, &(struct usm_pager_waits){
					 .ctx = fake->device.ctx,
					 .load = fake->device.load,
					 .announced = true,
				 });
	cr_assert_eq(usm_stock_reconcile(stock, NULL), 0);
	cr_assert_eq(usm_recover(pager, &fake->ops, &partition, 1, fresh, NULL),
		     0);
}

static void detach(void)
{
	usm_pager_destroy(pager);
	usm_stock_destroy(stock);
	usm_returned_destroy(returned);
}

static enum usm_supply supply(uint32_t page)
{
	struct fake_page *at = &fake->page[page];
	struct usm_fault fault = {
		.kind = at->cookie ? USM_FAULT_SWAPIN : USM_FAULT_ANON,
		.cookie = at->cookie,
		.member = FAKE_MEMBER,
		.addr = FAKE_PAGES_AT + page * USM_FRAME_BYTES,
	};
	enum usm_supply supplied;
	uint32_t frame;
	bool dry;

	supplied = usm_supply(stock, pager, &fault, &frame, &dry);
	if (supplied == USM_SUPPLY_FRAME)
		fake_pages_map(fake, page, frame);
	return supplied;
}

/* Every frame holds a page, and the next fault has some stored. */
static void setup(void)
{
	uint32_t page;

	fake = calloc(1, sizeof(*fake));
	fake_pages_init(fake, 1);
	fake_pages_store_aside(fake);
	attach(true);
	for (page = 0; page < FAKE_PAGE_FRAMES; page++)
		cr_assert_eq(supply(page), USM_SUPPLY_FRAME);
	cr_assert_eq(supply(page), USM_SUPPLY_LATER);
	cr_assert_eq(fake_pages_under_way(fake), USM_OUTGOING_MAX);
}

static void teardown(void)
{
	detach();
	free(fake);
}

TestSuite(storing, .init = setup, .fini = teardown);

Test(storing, nobody_waits_for_it)
{
	uint32_t page = FAKE_PAGE_FRAMES;

	/* Again and again nothing happens; then it is over. */
	cr_assert_eq(supply(page), USM_SUPPLY_LATER);
	cr_assert_eq(fake->evictions, USM_OUTGOING_MAX);
	cr_assert(usm_pager_hopeful(pager));
	fake_pages_end_all(fake);
	cr_assert_eq(supply(page), USM_SUPPLY_FRAME);
	cr_assert_eq(usm_stock_nr(stock), USM_OUTGOING_MAX - 1);
	/* First in, first out: they come back whole. */
	cr_assert_eq(supply(0), USM_SUPPLY_FRAME);
	cr_assert_eq(fake->swapins, 1);
}

Test(storing, a_page_taken_back_meanwhile_stays)
{
	fake_pages_retake(fake, 0);
	fake_pages_end_all(fake);
	cr_assert_eq(supply(FAKE_PAGE_FRAMES), USM_SUPPLY_FRAME);
	cr_assert_eq(usm_stock_nr(stock), USM_OUTGOING_MAX - 2);
	fake_pages_touch(fake, 0);
}

static void vacate_all(void)
{
	uint32_t frame;

	for (frame = 0; frame < FAKE_PAGE_FRAMES; frame++)
		usm_pager_vacate(pager, frame);
	while (usm_pager_work(pager))
		;
}

/* What is said of the old store would be taken for the new one's. */
Test(storing, a_frame_is_not_evicted_from_twice_at_once)
{
	uint32_t page;

	for (page = 0; page < USM_OUTGOING_MAX; page++)
		fake_pages_retake(fake, page);
	vacate_all();
	/* All the others. */
	cr_assert_eq(fake->evictions, FAKE_PAGE_FRAMES);
	for (page = 0; page < USM_OUTGOING_MAX; page++)
		fake_pages_touch(fake, page);
	fake_pages_end_all(fake);
	cr_assert_eq(supply(FAKE_PAGE_FRAMES - 1), USM_SUPPLY_FRAME);
	for (page = 0; page < USM_OUTGOING_MAX; page++)
		fake_pages_touch(fake, page);
}

/* The fake device refuses two stores to one slot. */
Test(storing, a_slot_given_back_is_not_stored_to_meanwhile)
{
	uint32_t page;

	for (page = 0; page < USM_OUTGOING_MAX; page++)
		fake_pages_drop(fake, page);
	usm_pager_work(pager);
	cr_assert_eq(usm_pager_out(pager), 0);
	vacate_all();
	cr_assert_eq(usm_pager_out(pager), USM_OUTGOING_MAX);
	cr_assert_eq(fake_pages_under_way(fake), 2 * USM_OUTGOING_MAX);
	fake_pages_end_all(fake);
	usm_pager_work(pager);
	cr_assert_eq(supply(FAKE_PAGE_FRAMES - 1), USM_SUPPLY_FRAME);
}

Test(storing, what_fails_is_stored_again)
{
	fake->failing = 1;
	fake->failing_with = -EIO;
	fake_pages_end_all(fake);
	fake->failing = 0;
	cr_assert_eq(supply(FAKE_PAGE_FRAMES), USM_SUPPLY_FRAME);
	cr_assert_eq(fake_pages_under_way(fake), 0);
	cr_assert_eq(fake->evictions, USM_OUTGOING_MAX);
	cr_assert_eq(supply(0), USM_SUPPLY_FRAME);
}

Test(storing, a_daemon_that_ends_leaves_nothing_half_done)
{
	uint32_t page;

	detach();
	fake_pages_reattach(fake);
	attach(false);
	for (page = 0; page < FAKE_PAGES; page++) {
		while (fake->page[page].frame == USM_FRAME_NONE &&
		       fake->page[page].held == USM_FRAME_NONE &&
		       supply(page) != USM_SUPPLY_FRAME)
			fake_pages_end_all(fake);
		if (fake->page[page].held != USM_FRAME_NONE)
			fake_pages_retake(fake, page);
		else
			fake_pages_touch(fake, page);
	}
}

Test(storing, is_bounded)
{
	struct usm_storing *storing = calloc(1, sizeof(*storing));
	struct usm_outgoing out = { 0 };
	uint32_t page = 0, i;

	fake_pages_end_all(fake);
	usm_pager_work(pager);
	cr_assert_eq(usm_storing_init(storing, 1024, FAKE_SWAP_SLOTS), 0);
	while (usm_storing_has_room(storing)) {
		for (i = 0; i < USM_OUTGOING_MAX; i++, page++)
			usm_outgoing_add(&out, page % FAKE_PAGE_FRAMES,
					 page + 1);
		cr_assert_eq(usm_storing_begin(storing, &out, &fake->device,
					       (char *)fake->pool),
			     0);
	}
	cr_assert_eq(storing->nr_pages, USM_STORING_PAGES);
	usm_outgoing_add(&out, 0, page + 1);
	cr_assert_eq(usm_storing_begin(storing, &out, &fake->device,
				       (char *)fake->pool),
		     -EAGAIN);
	cr_assert_eq(out.nr, 1);
	usm_storing_fini(storing);
	free(storing);
}
