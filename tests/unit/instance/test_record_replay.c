/* SPDX-License-Identifier: MIT */
/* record-replay: pages by name, orders, and finding one's way in them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/frame_size.h"
#include "fake_kernel.h"
#include "instance/policies/prefetch/follow.h"
#include "instance/policies/prefetch/mappings.h"
#include "instance/policies/prefetch/order.h"
#include "instance/policies/prefetch/registry.h"

#define PAGE USM_FRAME_BYTES
#define PAGES 509U
#define SCATTER 317U
#define HEAP_BYTES (132 * 1024ULL)

static const struct usm_prefetch_policy *const policy =
	&usm_prefetch_record_replay;

/* ---- mappings ------------------------------------------------------------------ */

static struct usm_fault fault_in(uint64_t start, uint64_t end, uint64_t addr)
{
	return (struct usm_fault){
		.addr = addr,
		.vma_start = start,
		.vma_end = end,
		.member = 1,
		.kind = USM_FAULT_SWAPIN,
	};
}

static uint32_t see(struct usm_mappings *mappings, uint64_t start, uint64_t end,
		    uint64_t addr)
{
	struct usm_fault fault = fault_in(start, end, addr);

	return usm_mappings_of(mappings, &fault);
}

Test(mappings, that_grow_are_the_same)
{
	static struct usm_mappings mappings;

	cr_assert_eq(see(&mappings, 16 * PAGE, 20 * PAGE, 17 * PAGE), 0);
	cr_assert_eq(see(&mappings, 40 * PAGE, 44 * PAGE, 40 * PAGE), 1);
	/* Upwards, as a heap; downwards, as a stack. */
	cr_assert_eq(see(&mappings, 16 * PAGE, 30 * PAGE, 29 * PAGE), 0);
	cr_assert_eq(see(&mappings, 36 * PAGE, 44 * PAGE, 37 * PAGE), 1);
	cr_assert_eq(usm_mappings_offset(&mappings.mapping[0], 29 * PAGE), 13);
	cr_assert_eq(usm_mappings_offset(&mappings.mapping[1], 37 * PAGE), -3);
	/* Two that became one: each page is where it was. */
	cr_assert_eq(see(&mappings, 16 * PAGE, 44 * PAGE, 41 * PAGE), 1);
	cr_assert_eq(see(&mappings, 16 * PAGE, 44 * PAGE, 17 * PAGE), 0);
	cr_assert_eq(mappings.nr, 2);
	cr_assert_eq(mappings.mapping[0].bytes, 4 * PAGE);
}

Test(mappings, are_bounded)
{
	static struct usm_mappings mappings;
	uint32_t i;

	for (i = 0; i < USM_MAPPINGS_MAX; i++)
		cr_assert_eq(see(&mappings, 2 * i * PAGE, (2 * i + 1) * PAGE,
				 2 * i * PAGE),
			     i);
	cr_assert_eq(see(&mappings, 1ULL << 30, 1ULL << 31, 1ULL << 30),
		     USM_MAPPINGS_NONE);
	cr_assert_eq(see(&mappings, 20 * PAGE, 21 * PAGE, 20 * PAGE), 10);
}

/* ---- orders ---------------------------------------------------------------------- */

Test(order, pages_have_names)
{
	uint32_t name;

	cr_assert(usm_order_name(255, -5, &name));
	cr_assert_eq(usm_order_mapping(name), 255);
	cr_assert_eq(usm_order_offset(name), -5);
	cr_assert(usm_order_name(0, USM_ORDER_OFFSET_MAX - 1, &name));
	cr_assert_eq(usm_order_mapping(name), 0);
	cr_assert_eq(usm_order_offset(name), USM_ORDER_OFFSET_MAX - 1);
	cr_assert(usm_order_name(1, -USM_ORDER_OFFSET_MAX, &name));
	cr_assert_eq(usm_order_offset(name), -USM_ORDER_OFFSET_MAX);
	cr_assert_not(usm_order_name(0, USM_ORDER_OFFSET_MAX, &name));
	cr_assert_not(usm_order_name(0, -USM_ORDER_OFFSET_MAX - 1, &name));
	cr_assert_not(usm_order_name(256, 0, &name));
}

static char memory[USM_PREFETCH_MEMORY_MAX + 1];

/* A walk over two mappings in turns, written down. */
static uint32_t some_order(uint32_t pages)
{
	static struct usm_order order;
	uint32_t i;

	order.nr_mappings = 2;
	order.bytes[0] = HEAP_BYTES;
	order.bytes[1] = 1 << 20;
	order.nr_pages = pages;
	for (i = 0; i < pages; i++)
		cr_assert(usm_order_name(i % 2, i / 2, &order.page[i]));
	return usm_order_encode(&order, memory, USM_PREFETCH_MEMORY_MAX);
}

Test(order, is_read_as_it_was_written)
{
	static struct usm_order order;
	uint32_t bytes = some_order(USM_ORDER_PAGES);

	cr_assert_gt(bytes, 0);
	cr_assert_eq(usm_order_decode(memory, bytes, &order), 0);
	cr_assert_eq(order.nr_mappings, 2);
	cr_assert_eq(order.bytes[1], 1 << 20);
	cr_assert_eq(order.nr_pages, USM_ORDER_PAGES);
	cr_assert_eq(usm_order_offset(order.page[101]), 50);
	cr_assert_eq(some_order(USM_ORDER_PAGES_MIN - 1), 0, "says nothing");
	bytes = some_order(100);
	cr_assert_eq(usm_order_encode(&order, memory, bytes - 1), 0);
}

Test(order, that_is_none_is_refused)
{
	static struct usm_order order;
	uint64_t seed = 3, mapping = 2;
	uint32_t bytes, i, accepted = 0;

	bytes = some_order(100);
	for (i = 0; i < bytes; i++)
		cr_assert_eq(usm_order_decode(memory, i, &order), -EINVAL);
	cr_assert_eq(usm_order_decode(memory, bytes + 1, &order), -EINVAL);
	/* A page in a mapping there is not. */
	memory[bytes - 1] = (char)mapping;
	cr_assert_eq(usm_order_decode(memory, bytes, &order), -EINVAL);
	for (i = 0; i < 2000; i++) {
		bytes = some_order(100);
		memory[fake_random(&seed) % bytes] ^=
			(char)(1 << fake_random(&seed) % 8);
		/* Another order, or none; never out of bounds. */
		if (usm_order_decode(memory, bytes, &order))
			continue;
		accepted++;
		cr_assert_leq(order.nr_mappings, USM_MAPPINGS_MAX);
		cr_assert_leq(order.nr_pages, USM_ORDER_PAGES);
	}
	cr_assert_gt(accepted, 0);
}

/* ---- the policy ------------------------------------------------------------------- */

static void *ctx;
static uint64_t wants[USM_PREFETCH_WANTS_MAX];
static uint32_t nr_wants;
static bool staged[2][PAGES];

struct program {
	uint32_t member;
	uint64_t base; /* where its memory begins this time */
};

static void setup(void)
{
	cr_assert_eq(policy->init(&ctx), 0);
}

static void teardown(void)
{
	policy->fini(ctx);
	policy->fini(NULL);
}

TestSuite(record_replay, .init = setup, .fini = teardown);

static void start(const struct program *program)
{
	memset(staged, 0, sizeof(staged));
	policy->process_new(ctx, &(struct usm_process){
					 .member = program->member,
					 .tgid = 7,
				 });
}

static uint32_t ends(const struct program *program)
{
	uint32_t bytes = policy->remember(ctx, program->member, memory,
					  USM_PREFETCH_MEMORY_MAX);

	policy->process_exit(ctx, program->member);
	return bytes;
}

/* Two areas of a program; true: the page had been asked for. */
static bool need(const struct program *program, uint32_t area, uint32_t page,
		 uint8_t kind)
{
	uint64_t start = program->base + area * (1ULL << 30);
	struct usm_fault fault = {
		.addr = start + page * PAGE,
		.vma_start = start,
		.vma_end = start + (PAGES + area) * PAGE,
		.member = program->member,
		.kind = kind,
	};
	bool was = staged[area][page];
	uint32_t i;

	staged[area][page] = false;
	nr_wants = policy->fault(ctx, &fault, wants, USM_PREFETCH_WANTS_MAX);
	cr_assert(kind == USM_FAULT_SWAPIN || !nr_wants);
	for (i = 0; i < nr_wants; i++) {
		uint32_t at = wants[i] >= program->base + (1ULL << 30);
		uint64_t first = program->base + at * (1ULL << 30);

		cr_assert(wants[i] >= first && wants[i] < first + PAGES * PAGE);
		staged[at][(wants[i] - first) / PAGE] = true;
	}
	return was;
}

/* A walk in no order over an area; how many pages had not been asked for. */
static uint32_t walk(const struct program *program, uint32_t area,
		     uint32_t scatter)
{
	uint32_t i, page = 1, waits = 0;

	for (i = 1; i < PAGES; i++, page = page * scatter % PAGES)
		waits += !need(program, area, page, USM_FAULT_SWAPIN);
	return waits;
}

static const struct program first = { 3, 0x7f0000000000 };
static const struct program second = { 9, 0x7e1230000000 };

Test(record_replay, knows_the_walk_of_the_process_before)
{
	uint32_t bytes;

	start(&first);
	cr_assert_eq(walk(&first, 0, SCATTER), PAGES - 1);
	bytes = ends(&first);
	cr_assert_gt(bytes, 0);
	start(&second);
	policy->recall(ctx, second.member, memory, bytes);
	cr_assert_leq(walk(&second, 0, SCATTER), 2);
	cr_assert_gt(ends(&second), 0);
}

/* A walk is near another one all the way, and a different one. */
Test(record_replay, is_not_misled_by_walks_that_are_near)
{
	uint32_t i, round, bytes, waits = 0;

	start(&first);
	for (round = 0; round < 3; round++)
		for (i = 0; i < PAGES; i++)
			need(&first, 0, i, USM_FAULT_SWAPIN);
	for (i = 0; i < PAGES; i++)
		need(&first, 0, i * 4 % PAGES, USM_FAULT_SWAPIN);
	bytes = ends(&first);
	start(&second);
	policy->recall(ctx, second.member, memory, bytes);
	for (i = 0; i < PAGES; i++)
		waits += !need(&second, 0, i * 4 % PAGES, USM_FAULT_SWAPIN);
	cr_assert_leq(waits, 6, "%u waits", waits);
}

Test(record_replay, follows_threads_in_turns)
{
	uint32_t i, a = 1, b = 1, bytes, waits = 0;

	start(&first);
	walk(&first, 0, SCATTER);
	walk(&first, 1, SCATTER);
	bytes = ends(&first);
	start(&second);
	policy->recall(ctx, second.member, memory, bytes);
	/* What was one after the other goes on at once. */
	for (i = 1; i < PAGES; i++) {
		waits += !need(&second, 0, a, USM_FAULT_SWAPIN);
		waits += !need(&second, 1, b, USM_FAULT_SWAPIN);
		a = b = a * SCATTER % PAGES;
	}
	cr_assert_leq(waits, 4);
}

Test(record_replay, goes_over_pages_that_are_in_memory)
{
	uint32_t i, page = 1, bytes, waits = 0;

	start(&first);
	walk(&first, 0, SCATTER);
	bytes = ends(&first);
	start(&second);
	policy->recall(ctx, second.member, memory, bytes);
	for (i = 1; i < PAGES; i++, page = page * SCATTER % PAGES)
		if (i % 5 == 0)
			waits += !need(&second, 0, page, USM_FAULT_SWAPIN);
	cr_assert_leq(waits, 5, "%u waits", waits);
}

Test(record_replay, asks_little_when_all_is_different)
{
	uint64_t asked = 0;
	uint32_t i, page = 1, bytes;

	start(&first);
	walk(&first, 0, SCATTER);
	bytes = ends(&first);
	start(&second);
	policy->recall(ctx, second.member, memory, bytes);
	for (i = 1; i < PAGES; i++, page = page * 2 % PAGES) {
		need(&second, 0, page, USM_FAULT_SWAPIN);
		asked += nr_wants;
		while (nr_wants--)
			policy->unused(ctx, second.member, wants[nr_wants]);
	}
	cr_assert_leq(asked, PAGES / 2, "%lu pages", asked);
}

Test(record_replay, does_not_record_first_touches)
{
	uint32_t i;

	start(&first);
	for (i = 0; i < PAGES; i++)
		need(&first, 0, i, USM_FAULT_ANON);
	cr_assert_eq(ends(&first), 0);
	/* Nor what is nobody's it was told of. */
	need(&second, 0, 1, USM_FAULT_SWAPIN);
	cr_assert_eq(ends(&second), 0);
}

Test(record_replay, records_no_more_than_can_be_remembered)
{
	uint32_t i, bytes;

	start(&first);
	for (i = 0; i <= USM_ORDER_PAGES / PAGES; i++)
		walk(&first, 0, SCATTER);
	bytes = ends(&first);
	cr_assert_gt(bytes, USM_ORDER_PAGES * 4);
	cr_assert_leq(bytes, USM_PREFETCH_MEMORY_MAX);
}

Test(record_replay, finds_its_way_although_it_is_told_late_and_twice)
{
	uint32_t bytes;

	start(&first);
	walk(&first, 0, SCATTER);
	bytes = ends(&first);
	start(&second);
	need(&second, 1, 3, USM_FAULT_ANON);
	need(&second, 0, 1, USM_FAULT_SWAPIN);
	policy->recall(ctx, second.member, memory, bytes);
	need(&second, 0, 1, USM_FAULT_SWAPIN);
	need(&second, 0, SCATTER, USM_FAULT_SWAPIN);
	cr_assert_gt(nr_wants, 0);
	start(&second);
	policy->recall(ctx, second.member, memory, bytes);
	need(&second, 0, SCATTER * SCATTER % PAGES, USM_FAULT_SWAPIN);
	cr_assert_gt(nr_wants, 0, "it goes on where it was");
}

Test(record_replay, is_not_harmed_by_what_it_recalls)
{
	struct usm_policy_stat stats[8];
	uint64_t seed = 11;
	uint32_t i, bytes;

	start(&first);
	policy->recall(ctx, first.member, "nonsense", 8);
	policy->recall(ctx, 1234, "nonsense", 8);
	cr_assert_eq(policy->stats(ctx, stats, 8), 4);
	cr_assert_str_eq(stats[2].name, "refused");
	cr_assert_eq(stats[2].value, 1);
	ends(&first);
	for (i = 0; i < 300; i++) {
		const struct program program = { 100 + i, first.base };

		bytes = some_order(100);
		memory[fake_random(&seed) % bytes] ^=
			(char)(1 << fake_random(&seed) % 8);
		start(&program);
		policy->recall(ctx, program.member, memory, bytes);
		/* Whatever it asks for stays in the process's mappings. */
		walk(&program, 0, SCATTER);
		ends(&program);
	}
}

Test(record_replay, has_room_for_so_many_processes)
{
	uint32_t i;

	for (i = 1; i <= 100; i++)
		start(&(struct program){ i, first.base });
	cr_assert_eq(walk(&(struct program){ 100, first.base }, 0, SCATTER),
		     PAGES - 1);
	cr_assert_eq(ends(&(struct program){ 100, first.base }), 0);
	walk(&(struct program){ 1, first.base }, 0, SCATTER);
	cr_assert_gt(ends(&(struct program){ 1, first.base }), 0);
	start(&first);
	start(&(struct program){ 101, first.base });
	walk(&(struct program){ 101, first.base }, 0, SCATTER);
	cr_assert_gt(ends(&(struct program){ 101, first.base }), 0);
}
