/* SPDX-License-Identifier: MIT */
/* Prefetch policies: what they ask for, page by page. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/client.h"
#include "common/config.h"
#include "fake_kernel.h"
#include "instance/policies/prefetch/checked.h"
#include "instance/policies/prefetch/registry.h"

#define MEMBER 5
#define BASE 0x7f0000000000ULL
#define PAGES 4096ULL
#define PAGE USM_FRAME_BYTES

static const struct usm_prefetch_policy *policy;
static void *ctx;
static uint64_t wants[USM_PREFETCH_WANTS_MAX];
static uint32_t nr_wants;
static bool staged[PAGES]; /* asked for, and not needed since */

static void teardown(void)
{
	if (ctx)
		policy->fini(ctx);
}

TestSuite(prefetch_policies, .fini = teardown);

static void begin(const struct usm_prefetch_policy *which)
{
	teardown();
	policy = which;
	memset(staged, 0, sizeof(staged));
	cr_assert_eq(policy->init(&ctx), 0);
}

static struct usm_fault fault_at(uint64_t page)
{
	return (struct usm_fault){
		.addr = BASE + page * PAGE,
		.vma_start = BASE,
		.vma_end = BASE + PAGES * PAGE,
		.member = MEMBER,
		.kind = USM_FAULT_SWAPIN,
	};
}

/* A page is needed; true when it had been asked for before. */
static bool need(uint64_t page)
{
	struct usm_fault fault = fault_at(page);
	bool was = staged[page];
	uint32_t i;

	staged[page] = false;
	nr_wants = policy->fault(ctx, &fault, wants, USM_PREFETCH_WANTS_MAX);
	for (i = 0; i < nr_wants; i++) {
		cr_assert(wants[i] >= BASE && wants[i] < fault.vma_end &&
				  wants[i] % PAGE == 0,
			  "it stays in the mapping");
		cr_assert_neq(wants[i], fault.addr);
		staged[(wants[i] - BASE) / PAGE] = true;
	}
	return was;
}

static void asks(uint32_t nr, uint64_t first, uint64_t step)
{
	uint32_t i;

	cr_assert_eq(nr_wants, nr, "it asks for %u pages, not %u", nr_wants,
		     nr);
	for (i = 0; i < nr; i++)
		cr_assert_eq(wants[i], BASE + (first + i * step) * PAGE);
}

Test(prefetch_policies, are_those_of_the_configuration)
{
	uint32_t i;

	for (i = 0; usm_prefetch_policies[i]; i++)
		cr_assert_not_null(
			usm_prefetch_policy_find(usm_prefetch_policies[i]));
	cr_assert_null(usm_prefetch_registry[i]);
	cr_assert_null(usm_prefetch_policy_find("lottery"));
}

Test(prefetch_policies, readahead_ramps_up)
{
	begin(&usm_prefetch_readahead);
	need(10);
	asks(0, 0, 0);
	need(11);
	asks(2, 12, 1); /* 12 and 13 */
	need(12);
	asks(3, 14, 1); /* half is left: a window of four behind page 12 */
	need(13);
	asks(0, 0, 0); /* three are left: more than half */
	need(14);
	asks(6, 17, 1); /* of eight */
	need(15), need(16), need(17);
	asks(0, 0, 0);
	need(18);
	asks(12, 23, 1); /* of sixteen */
}

Test(prefetch_policies, readahead_is_ahead_of_all_of_a_long_walk)
{
	uint64_t page, misses = 0;

	begin(&usm_prefetch_readahead);
	for (page = 0; page < PAGES; page++)
		misses += !need(page);
	cr_assert_eq(misses, 2);
}

Test(prefetch_policies, readahead_goes_over_pages_that_are_in_memory)
{
	begin(&usm_prefetch_readahead);
	need(10), need(11);
	/* 12 and 13 are no faults. */
	need(14);
	asks(4, 15, 1);
}

Test(prefetch_policies, readahead_follows_streams_in_turns)
{
	uint64_t page, misses = 0, stream;

	begin(&usm_prefetch_readahead);
	for (page = 0; page < PAGES / 8; page++)
		for (stream = 0; stream < 8; stream++)
			misses += !need(stream * PAGES / 8 + page);
	/* A stream that reaches another one's beginning has asked for it. */
	cr_assert_leq(misses, 16);
}

Test(prefetch_policies, readahead_shrinks_when_pages_are_not_needed)
{
	begin(&usm_prefetch_readahead);
	need(0), need(1), need(2), need(3), need(4);
	asks(6, 7, 1);
	policy->unused(ctx, MEMBER, BASE + 5 * PAGE);
	policy->unused(ctx, MEMBER, BASE + 6 * PAGE);
	/* From eight to two: more is asked for when one is left, of four. */
	need(5), need(6), need(7), need(8), need(9), need(10);
	asks(0, 0, 0);
	need(11);
	asks(3, 13, 1);
}

Test(prefetch_policies, readahead_leaves_other_members_alone)
{
	struct usm_fault other = fault_at(11);

	begin(&usm_prefetch_readahead);
	need(10);
	other.member = MEMBER + 1;
	cr_assert_eq(policy->fault(ctx, &other, wants, 64), 0);
	policy->process_exit(ctx, MEMBER);
	need(11);
	asks(0, 0, 0);
}

Test(prefetch_policies, stride_needs_four_pages)
{
	begin(&usm_prefetch_stride);
	need(93), need(100), need(107);
	asks(0, 0, 0);
	need(114);
	asks(2, 121, 7);
	need(121);
	asks(3, 135, 7); /* four steps from here, one of which is asked for */
	need(128);
	asks(5, 156, 7);
	need(135);
	asks(9, 191, 7);
}

Test(prefetch_policies, stride_goes_backwards)
{
	begin(&usm_prefetch_stride);
	need(2000), need(1997), need(1994), need(1991);
	asks(2, 1988, (uint64_t)-3);
}

Test(prefetch_policies, stride_is_ahead_of_all_of_a_long_walk)
{
	static const uint64_t steps[] = { 1, 2, 3, 16, 33 };
	uint64_t page, misses;
	uint32_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		begin(&usm_prefetch_stride);
		for (page = 0, misses = 0; page < PAGES; page += steps[i])
			misses += !need(page);
		cr_assert_eq(misses, 4, "step %lu: %lu misses", steps[i],
			     misses);
	}
}

/* Two rows at once, as of a matrix product. */
Test(prefetch_policies, stride_tells_streams_apart)
{
	uint64_t i, misses = 0;

	begin(&usm_prefetch_stride);
	for (i = 0; i < 200; i++) {
		misses += !need(i);
		misses += !need(1000 + i * 8);
	}
	cr_assert_leq(misses, 10);
}

Test(prefetch_policies, stride_wears_down_when_pages_are_not_needed)
{
	uint32_t i;

	begin(&usm_prefetch_stride);
	for (i = 0; i < 8; i++)
		need(100 + i * 2);
	/* A short walk that ended: what it asked for was for nothing. */
	for (i = 0; i < 8; i++)
		policy->unused(ctx, MEMBER, BASE + (116 + i * 2) * PAGE);
	need(116);
	asks(0, 0, 0);
}

Test(prefetch_policies, stride_forgets_who_ended)
{
	begin(&usm_prefetch_stride);
	need(100), need(107), need(114);
	policy->process_exit(ctx, MEMBER);
	need(121);
	asks(0, 0, 0);
}

/* By chance pages are neighbours, too: that must not cost much. */
Test(prefetch_policies, ask_for_little_at_random)
{
	static const uint32_t sizes[] = { PAGES, 1000 };
	const struct usm_prefetch_policy *const *which;
	uint64_t random = 17, asked;
	uint32_t i, size;

	for (size = 0; size < 2; size++) {
		for (which = usm_prefetch_registry; *which; which++) {
			begin(*which);
			for (i = 0, asked = 0; i < 20000; i++) {
				need(fake_random(&random) % sizes[size]);
				asked += nr_wants;
			}
			cr_assert_leq(asked, 20000 / 20,
				      "%s of %u: %lu pages for %u faults",
				      (*which)->name, sizes[size], asked, i);
		}
	}
}

Test(prefetch_policies, mind_how_many_there_is_room_for)
{
	const struct usm_prefetch_policy *const *which;
	struct usm_fault fault;
	uint32_t i, nr;

	for (which = usm_prefetch_registry; *which; which++) {
		begin(*which);
		for (i = 0; i < 500; i++) {
			fault = fault_at(i);
			wants[i % 3] = 77;
			nr = policy->fault(ctx, &fault, wants, i % 3);
			cr_assert_leq(nr, i % 3);
			cr_assert_eq(wants[i % 3], 77);
		}
	}
}

Test(prefetch_policies, have_a_limit_that_can_be_set)
{
	const struct usm_prefetch_policy *const *which;
	const char *why = NULL;
	uint32_t i;

	for (which = usm_prefetch_registry; *which; which++) {
		begin(*which);
		cr_assert_eq(policy->config(ctx, "most", "3", &why), -ENOENT);
		cr_assert_eq(policy->config(ctx, "max", "0", &why), -EINVAL);
		cr_assert_eq(policy->config(ctx, "max", "65", &why), -EINVAL);
		cr_assert_eq(policy->config(ctx, "max", "3x", &why), -EINVAL);
		cr_assert_eq(policy->config(ctx, "max", " 3", &why), -EINVAL);
		cr_assert_not_null(why);
		cr_assert_eq(policy->config(ctx, "max", "3", &why), 0);
		for (i = 0; i < 100; i++) {
			need(i);
			cr_assert_leq(nr_wants, 3);
		}
	}
}

/* ---- answers are checked --------------------------------------------------------- */

static int lie_init(void **out)
{
	*out = calloc(1, 1);
	return 0;
}

static uint32_t lie_fault(void *lie, const struct usm_fault *fault,
			  uint64_t *answer, uint32_t nr)
{
	const uint64_t all[] = { fault->addr + 1, UINT64_MAX - PAGE + 1,
				 1ULL << 56, fault->addr + PAGE };
	uint32_t i;

	(void)lie;
	for (i = 0; i < nr && i < 4; i++)
		answer[i] = all[i];
	return 1000;
}

static const struct usm_prefetch_policy liar = {
	USM_POLICY_HEAD(struct usm_prefetch_policy),
	.name = "liar",
	.summary = "wrong",
	.init = lie_init,
	.fini = free,
	.fault = lie_fault,
};

Test(prefetch_policies, cannot_name_what_is_no_page)
{
	struct usm_fault fault = fault_at(3);
	struct usm_checked_prefetch *checked;
	struct usm_policy_stat stat;

	cr_assert_eq(usm_checked_prefetch_create(&liar, NULL, &checked, NULL),
		     0);
	cr_assert_eq(usm_checked_prefetch_fault(checked, &fault, wants, 4), 1);
	cr_assert_eq(wants[0], fault.addr + PAGE);
	cr_assert_eq(usm_checked_prefetch_fault(checked, &fault, wants, 0), 0);
	/* What it does not have is not called. */
	usm_checked_prefetch_used(checked, MEMBER, fault.addr);
	usm_checked_prefetch_unused(checked, MEMBER, fault.addr);
	usm_checked_prefetch_process_exit(checked, MEMBER);
	cr_assert_eq(usm_checked_prefetch_stats(checked, &stat, 1), 1);
	cr_assert_str_eq(stat.name, "overruled");
	cr_assert_eq(stat.value, 996 + 3 + 1000);
	usm_checked_prefetch_destroy(checked);
}

Test(prefetch_policies, say_what_is_wrong_with_an_option)
{
	const struct usm_settings settings = {
		.nr = 1,
		.setting = { { .key = "max", .value = "100" } },
	};
	struct usm_checked_prefetch *checked = NULL;
	struct usm_failure failure = { 0 };

	cr_assert_eq(usm_checked_prefetch_create(&usm_prefetch_stride,
						 &settings, &checked, &failure),
		     -EINVAL);
	cr_assert_null(checked);
	cr_assert_not_null(
		strstr(failure.text, "policy.prefetch_options.max: \"100\""));
}
