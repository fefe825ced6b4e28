/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "instance/policies/oom/checked.h"
#include "instance/policies/oom/registry.h"
#include "instance/reaper/victim.h"

#define MS 1000000ULL
#define LIMIT (80 * MS)
#define NOW (1000 * MS)

static struct usm_checked_oom *checked;
static unsigned int asked;
static uint64_t killed_at;

static void ask(void *ctx)
{
	(void)ctx;
	asked++;
}

static uint64_t last_killing(void *ctx)
{
	(void)ctx;
	return killed_at;
}

static void make(const struct usm_oom_policy *policy,
		 const struct usm_settings *settings, bool kills)
{
	const struct usm_checked_oom_options options = {
		.policy = policy,
		.settings = settings,
		.limit_ns = LIMIT,
		.kill = kills ? ask : NULL,
		.killed_at = last_killing,
	};
	struct usm_failure failure;

	cr_assert_eq(usm_checked_oom_create(&options, &checked, &failure), 0,
		     "%s", failure.text);
}

static bool waits(uint64_t waited_ns, uint64_t now)
{
	const struct usm_fault fault = { .member = 7, .tgid = 70 };

	return usm_checked_oom_waits(checked, &fault, waited_ns, now);
}

static uint64_t counted(const char *name)
{
	struct usm_policy_stat stats[8];
	uint32_t nr = usm_checked_oom_stats(checked, stats, 8), i;

	for (i = 0; i < nr; i++)
		if (!strcmp(stats[i].name, name))
			return stats[i].value;
	cr_assert(false, "no counter %s", name);
	return 0;
}

static void setup(void)
{
	checked = NULL;
	asked = 0;
	killed_at = 0;
}

static void teardown(void)
{
	usm_checked_oom_destroy(checked);
}

TestSuite(oom, .init = setup, .fini = teardown);

Test(oom, falls_back_at_once)
{
	make(&usm_oom_fallback, NULL, false);
	cr_assert_not(waits(0, NOW));
	cr_assert_eq(counted("fallbacks"), 1);
	cr_assert_eq(counted("overruled"), 0);
}

Test(oom, stalls_up_to_its_limit)
{
	struct usm_settings settings = {
		.nr = 1,
		.setting = { { .key = "limit_ms", .value = "20" } },
	};

	make(&usm_oom_stall, &settings, false);
	cr_assert(waits(0, NOW));
	cr_assert(waits(20 * MS - 1, NOW));
	cr_assert_not(waits(20 * MS, NOW));
	cr_assert_eq(counted("waits"), 2);
	cr_assert_eq(counted("in_vain"), 1);
}

Test(oom, stalls_no_longer_than_the_kernel_lets_it)
{
	make(&usm_oom_stall, NULL, false);
	cr_assert(waits(LIMIT - 1, NOW));
	cr_assert_not(waits(LIMIT, NOW));
	cr_assert_eq(counted("overruled"), 0);
}

Test(oom, names_the_option_that_is_wrong)
{
	static const char *const wrong[] = { "0", "60001", "-1", "1x", " 1" };
	struct usm_checked_oom_options options = { .policy = &usm_oom_stall };
	struct usm_failure failure;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct usm_settings settings = { .nr = 1 };

		strcpy(settings.setting[0].key, "limit_ms");
		strcpy(settings.setting[0].value, wrong[i]);
		options.settings = &settings;
		cr_assert_eq(
			usm_checked_oom_create(&options, &checked, &failure),
			-EINVAL);
		cr_assert(strstr(failure.text, "policy.oom_options.limit_ms"),
			  "%s", failure.text);
	}
}

Test(oom, kills_and_waits_for_what_that_brings)
{
	make(&usm_oom_kill_largest, NULL, true);
	cr_assert(waits(0, NOW));
	cr_assert_eq(asked, 1);
	/* Other faults find nothing either, before anybody is gone. */
	cr_assert(waits(0, NOW + MS));
	cr_assert_eq(asked, 1);
	killed_at = NOW + 2 * MS;
	cr_assert(waits(3 * MS, NOW + 3 * MS));
	cr_assert(waits(3 * MS, NOW + 1000 * MS));
	cr_assert_eq(asked, 1);
	/* It did not bring enough. */
	cr_assert(waits(3 * MS, NOW + 3000 * MS));
	cr_assert_eq(asked, 2);
	cr_assert_eq(counted("kills"), 2);
	/* In vain: the kernel has memory. */
	cr_assert_not(waits(LIMIT, NOW + 3000 * MS));
}

Test(oom, does_not_wait_where_nobody_can_kill)
{
	make(&usm_oom_kill_largest, NULL, false);
	cr_assert_not(waits(0, NOW));
	cr_assert_eq(counted("overruled"), 1);
}

static uint32_t nonsense(void *ctx, const struct usm_oom *oom)
{
	(void)ctx;
	(void)oom;
	return 77;
}

Test(oom, overrules_nonsense)
{
	static struct usm_oom_policy policy; /* outlives the test */

	policy = usm_oom_fallback;
	policy.decide = nonsense;
	make(&policy, NULL, true);
	cr_assert_not(waits(0, NOW));
	cr_assert_eq(counted("overruled"), 1);
}

Test(oom, are_found_by_name)
{
	cr_assert_eq(usm_oom_policy_find("stall"), &usm_oom_stall);
	cr_assert_null(usm_oom_policy_find("other"));
}

Test(victim, is_the_largest_that_may_go)
{
	const struct usm_member_info members[] = {
		{ .member = 1, .pid = 1, .mapped = 900 }, /* init */
		{ .member = 2, .pid = 50, .mapped = 800 }, /* the daemon */
		{ .member = 3, .pid = 51, .mapped = 700 }, /* the reaper */
		{ .member = 4, .pid = 0, .mapped = 600 }, /* gone */
		{ .member = 5, .pid = 60, .mapped = 3 },
		{ .member = 6, .pid = 61, .mapped = 4 },
		{ .member = 7, .pid = 62, .mapped = 0 },
	};

	cr_assert_eq(usm_reaper_victim(members, 7, 50, 51), &members[5]);
	cr_assert_null(usm_reaper_victim(members, 4, 50, 51));
	/* Nothing would be won. */
	cr_assert_null(usm_reaper_victim(&members[6], 1, 50, 51));
	cr_assert_null(usm_reaper_victim(members, 0, 50, 51));
}

Test(oom, who_may_have_members_killed_is_known_before)
{
	cr_assert_not(usm_oom_policy_kills(&usm_oom_fallback));
	cr_assert_not(usm_oom_policy_kills(&usm_oom_stall));
	cr_assert(usm_oom_policy_kills(&usm_oom_kill_largest));
	/* One in a file that is not loaded yet. */
	cr_assert(usm_oom_policy_kills(NULL));
}
