/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "fake_kernel.h"
#include "instance/policies/alloc/registry.h"
#include "instance/worker/bitfield.h"
#include "instance/worker/stock_books.h"
#include "instance/worker/worker.h"

#define FRAMES 600
#define STEPS 30000

static struct fake_kernel fake;
static struct usm_returned *returned;
static struct usm_stock *stock;
static struct usm_local_manager *manager;

static void build(const struct usm_alloc_policy *policy)
{
	struct usm_channel_view view;

	fake_kernel_init(&fake, FRAMES);
	view = fake_kernel_view(&fake);
	cr_assert_eq(usm_returned_create(&fake.extent, 1, FAKE_BASE_PFN,
					 &fake.ops, &returned),
		     0);
	cr_assert_eq(usm_stock_create(&fake.extent, 1, policy, &fake.ops,
				      returned, &stock),
		     0);
	cr_assert_eq(usm_local_manager_create(&view, ~0ULL, stock, NULL, 0,
					      &fake.ops, &manager),
		     0);
	cr_assert_eq(usm_stock_reconcile(stock, NULL), 0);
}

static void setup(void)
{
	build(&usm_alloc_first_fit);
}

static void teardown(void)
{
	usm_local_manager_destroy(manager);
	usm_stock_destroy(stock);
	usm_returned_destroy(returned);
	fake_kernel_fini(&fake);
}

TestSuite(local_manager, .init = setup, .fini = teardown);

Test(local_manager, answers_spinning_threads_without_a_call)
{
	cr_assert_eq(usm_local_manager_run(manager), 0);
	fake_fault(&fake, 3, 1, 0x1000);
	fake_fault(&fake, 200, 1, 0x2000);
	cr_assert(usm_local_manager_pending(manager));
	cr_assert_eq(usm_local_manager_run(manager), 2);
	cr_assert_not(usm_local_manager_pending(manager));
	cr_assert_eq(fake_consume(&fake, 3), FAKE_FIRST);
	cr_assert_eq(fake_consume(&fake, 200), FAKE_FIRST + 1);
	cr_assert_eq(fake.maps, 0);
	cr_assert_eq(usm_local_manager_run(manager), 0);
}

Test(local_manager, wakes_sleepers_in_one_call)
{
	uint32_t i;

	for (i = 0; i < 40; i++) {
		fake_fault(&fake, i, 1, 0x1000 * i);
		if (i % 2)
			fake_sleep(&fake, i);
	}
	cr_assert_eq(usm_local_manager_run(manager), 40);
	cr_assert_eq(fake.maps, 1);
	cr_assert_eq(fake.map_entries, 20);
	for (i = 0; i < 40; i += 2)
		cr_assert_neq(fake_consume(&fake, i), -1);
	cr_assert_eq(fake.refused, 0);
}

Test(local_manager, request_that_went_away_costs_no_frame)
{
	uint32_t i;

	for (i = 0; i < FRAMES; i++) {
		fake_fault(&fake, 0, 1, 0x1000);
		fake_sleep(&fake, 0);
		fake_abandon(&fake, 0);
		cr_assert_eq(usm_local_manager_run(manager), 1);
	}
	cr_assert(usm_stock_has(stock, FAKE_FIRST));
}

Test(local_manager, frames_of_lost_replies_are_found_when_needed)
{
	uint32_t i;

	/* The thread leaves just after the reply was stored for it. */
	for (i = 0; i < FRAMES; i++) {
		fake_fault(&fake, 0, 1, 0x1000);
		usm_local_manager_run(manager);
		fake_abandon(&fake, 0);
	}
	fake_fault(&fake, 0, 1, 0x1000);
	usm_local_manager_run(manager);
	cr_assert_eq(fake_consume(&fake, 0), USM_FRAME_NONE);
	/* That pass ran dry and put the books right. */
	fake_fault(&fake, 0, 1, 0x1000);
	usm_local_manager_run(manager);
	cr_assert_eq(fake_consume(&fake, 0), FAKE_FIRST);
	cr_assert_eq(fake.refused, 0);
}

Test(local_manager, replies_under_way_are_not_lost_replies)
{
	uint32_t i;

	/* Slot 9 has a reply that it has not looked at yet. */
	fake_fault(&fake, 9, 1, 0x9000);
	usm_local_manager_run(manager);
	for (i = 1; i < FRAMES; i++) {
		fake_fault(&fake, 0, 1, 0x1000);
		usm_local_manager_run(manager);
		cr_assert_eq(fake_consume(&fake, 0), FAKE_FIRST + i);
	}
	for (i = 0; i < 3; i++) {
		fake_fault(&fake, 0, 1, 0x1000);
		usm_local_manager_run(manager);
		cr_assert_eq(fake_consume(&fake, 0), USM_FRAME_NONE);
	}
	cr_assert_eq(fake_consume(&fake, 9), FAKE_FIRST);
	cr_assert_eq(fake.refused, 0);
}

Test(local_manager, bit_set_twice_gets_the_same_answer)
{
	fake_fault(&fake, 7, 1, 0x1000);
	usm_local_manager_run(manager);
	fake.pfq.leaf[0] |= 1 << 7;
	fake.pfq.summary |= 1;
	cr_assert_eq(usm_local_manager_run(manager), 1);
	cr_assert_eq(fake_consume(&fake, 7), FAKE_FIRST);
	cr_assert(usm_stock_has(stock, FAKE_FIRST + 1));
}

Test(local_manager, refused_answer_is_not_repeated)
{
	fake_fault(&fake, 7, 1, 0x1000);
	usm_local_manager_run(manager);
	fake.slots[7].error = -EBUSY;
	fake.pfq.leaf[0] |= 1 << 7;
	fake.pfq.summary |= 1;
	usm_local_manager_run(manager);
	cr_assert_eq(fake.slots[7].reply,
		     USM_REPLY(fake.slots[7].gen, USM_FRAME_NONE));
}

Test(local_manager, wrong_frame_is_dropped_without_a_loop)
{
	uint32_t i;

	/* The books are wrong about every frame. */
	for (i = 0; i < FRAMES; i++)
		*fake_state(&fake, FAKE_FIRST + i) = USM_FRAME_MAPPED;
	for (i = 0; i < FRAMES; i++) {
		fake_fault(&fake, 0, 1, 0x1000);
		fake_sleep(&fake, 0);
		cr_assert_eq(usm_local_manager_run(manager), 1);
	}
	cr_assert_eq(fake.maps, FRAMES);
	cr_assert_eq(fake.refused, FRAMES);
	for (i = 0; i < FRAMES; i++)
		cr_assert_not(usm_stock_has(stock, FAKE_FIRST + i));
}

Test(local_manager, sweep_answers_what_has_no_bit)
{
	fake_fault(&fake, 5, 1, 0x1000);
	fake_fault(&fake, 255, 1, 0x2000);
	memset(&fake.pfq, 0, sizeof(fake.pfq));
	cr_assert_eq(usm_local_manager_run(manager), 0);
	cr_assert_eq(usm_local_manager_sweep(manager), 2);
	cr_assert_eq(fake_consume(&fake, 5), FAKE_FIRST);
	cr_assert_eq(fake_consume(&fake, 255), FAKE_FIRST + 1);
}

Test(local_manager, bits_beyond_the_slots_are_ignored)
{
	fake.pfq.leaf[FAKE_SLOTS / 64] = ~0ULL;
	fake.pfq.summary = 1ULL << (FAKE_SLOTS / 64);
	cr_assert_eq(usm_local_manager_run(manager), 0);
	cr_assert_not(usm_local_manager_pending(manager));
}

Test(local_manager, shares_one_bitfield_between_workers)
{
	uint64_t even = usm_worker_mask(0, 2), odd = usm_worker_mask(1, 2);
	struct usm_bitfield field = { 0 };

	cr_assert_eq(even | odd, ~0ULL);
	cr_assert_eq(even & odd, 0);
	field.leaf[4] = 0xf;
	field.summary = 1 << 4;
	cr_assert_eq(usm_bitfield_take(&field, 4, even), 0x5);
	cr_assert_not(usm_bitfield_pending(&field, even));
	cr_assert(usm_bitfield_pending(&field, odd));
	cr_assert_eq(usm_bitfield_take(&field, 4, odd), 0xa);
	cr_assert_eq(field.summary, 0);
}

/*
 * Threads fault, sleep, give up, and let go of frames in random order: the
 * kernel never has to refuse a frame, and nothing is lost.
 */
static void random_life(uint64_t seed)
{
	uint32_t held[FRAMES], nr_held = 0, i;
	unsigned int step, served = 0;

	for (step = 0; step < STEPS; step++) {
		uint32_t slot = (uint32_t)(fake_random(&seed) % FAKE_SLOTS);
		int64_t frame;

		switch (fake_random(&seed) % 8) {
		case 0:
		case 1:
			if (fake.slots[slot].state == USM_SLOT_IDLE)
				fake_fault(&fake, slot, 1 + slot % 3,
					   0x1000 * (fake_random(&seed) % 999));
			break;
		case 2:
			if (fake.slots[slot].state == USM_SLOT_SPINNING)
				fake_sleep(&fake, slot);
			break;
		case 3:
			if (fake_random(&seed) % 8 == 0)
				fake_abandon(&fake, slot);
			break;
		case 4:
		case 5:
			usm_local_manager_run(manager);
			break;
		default:
			if (!nr_held)
				break;
			i = (uint32_t)(fake_random(&seed) % nr_held);
			fake_come_home(&fake, held[i],
				       fake_random(&seed) % 4 == 0);
			held[i] = held[--nr_held];
			if (fake_random(&seed) % 4 == 0)
				usm_returned_collect(returned, NULL);
		}
		for (slot = 0; slot < FAKE_SLOTS; slot++) {
			frame = fake_consume(&fake, slot);
			if (frame < 0 || frame == USM_FRAME_NONE)
				continue;
			held[nr_held++] = (uint32_t)frame;
			served++;
		}
	}
	cr_assert_gt(served, STEPS / 10);
	cr_assert_eq(fake.refused, 0);
}

Test(local_manager, lives_through_random_threads)
{
	random_life(77);
	teardown();
	build(&usm_alloc_extent);
	random_life(78);
}

Test(local_manager, refused_answer_is_not_settled_again)
{
	fake_fault(&fake, 3, 1, 0x1000);
	cr_assert_eq(usm_local_manager_run(manager), 1);
	/* The frame leaves before its thread takes it, and comes back. */
	*fake_state(&fake, FAKE_FIRST) = USM_FRAME_POOL;
	cr_assert_eq(usm_local_manager_settle(manager), 0);
	cr_assert_eq(fake.refused, 1);
	cr_assert_eq(fake.map_entries, 1);
	*fake_state(&fake, FAKE_FIRST) = USM_FRAME_FREE;
	cr_assert_eq(usm_local_manager_settle(manager), 0);
	cr_assert_eq(fake.map_entries, 1);
}
