/* SPDX-License-Identifier: MIT */
/* What a prefetcher asks of a policy that remembers programs, and when. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance/prefetch/prefetcher.h"

static struct usm_swap_map *map;
static struct usm_roster *roster;
static struct usm_archive *archive;
static struct usm_prefetcher *prefetcher;

/* What happened, one word each. */
static char story[1024];
static uint32_t too_much;

static void tell(const char *what, uint32_t member, const char *more)
{
	size_t used = strlen(story);

	snprintf(story + used, sizeof(story) - used, "%s%u%s ", what, member,
		 more);
}

static void happened(const char *what)
{
	cr_assert_str_eq(story, what);
	story[0] = 0;
}

static int diary_init(void **ctx)
{
	*ctx = malloc(1);
	return 0;
}

static uint32_t diary_fault(void *ctx, const struct usm_fault *fault,
			    uint64_t *wants, uint32_t nr)
{
	(void)ctx;
	(void)fault;
	(void)wants;
	(void)nr;
	return 0;
}

static void diary_new(void *ctx, const struct usm_process *process)
{
	(void)ctx;
	tell("new", process->member, "");
}

static void diary_exit(void *ctx, uint32_t member)
{
	(void)ctx;
	tell("exit", member, "");
}

/* Odd ones are worth it. */
static uint32_t diary_remember(void *ctx, uint32_t member, void *data,
			       uint32_t room)
{
	(void)ctx;
	cr_assert_eq(room, USM_PREFETCH_MEMORY_MAX);
	tell("remember", member, "");
	if (too_much)
		return room + 1;
	if (member % 2 == 0)
		return 0;
	return (uint32_t)snprintf(data, room, "(by %u)", member) + 1;
}

static void diary_recall(void *ctx, uint32_t member, const void *data,
			 uint32_t bytes)
{
	(void)ctx;
	cr_assert_eq(bytes, strlen(data) + 1);
	tell("recall", member, data);
}

static const struct usm_prefetch_policy diary = {
	USM_POLICY_HEAD(struct usm_prefetch_policy),
	.name = "diary",
	.summary = "keeps a diary",
	.init = diary_init,
	.fini = free,
	.fault = diary_fault,
	.process_new = diary_new,
	.process_exit = diary_exit,
	.remember = diary_remember,
	.recall = diary_recall,
};

static void put_policy(const struct usm_prefetch_policy *which)
{
	struct usm_checked_prefetch *policy = NULL;

	cr_assert_eq(
		usm_prefetcher_prepare(prefetcher, which, NULL, &policy, NULL),
		0);
	usm_prefetcher_adopt(prefetcher, policy);
}

static void setup(void)
{
	cr_assert_eq(usm_swap_map_create(8, &map), 0);
	cr_assert_eq(usm_roster_create(&roster), 0);
	cr_assert_eq(usm_archive_create(-1, &archive), 0);
	cr_assert_eq(usm_prefetcher_create(map, &prefetcher), 0);
	usm_prefetcher_remember_in(prefetcher, roster, archive);
	put_policy(&diary);
}

static void teardown(void)
{
	usm_prefetcher_destroy(prefetcher);
	usm_archive_destroy(archive);
	usm_roster_destroy(roster);
	usm_swap_map_destroy(map);
}

TestSuite(programs, .init = setup, .fini = teardown);

static void begins(uint32_t member, const char *program)
{
	if (program)
		usm_roster_add(roster, member, member, program);
	usm_prefetcher_member_new(prefetcher, &(struct usm_process){
						      .member = member,
						      .tgid = member,
					      });
}

Test(programs, are_recalled_by_name)
{
	begins(1, "redis");
	happened("new1 ");
	usm_prefetcher_member_gone(prefetcher, 1);
	happened("remember1 exit1 ");
	begins(2, "redis");
	begins(3, "other");
	happened("new2 recall2(by 1) new3 ");
	/* Nothing that is worth it: what was there stays. */
	usm_prefetcher_member_gone(prefetcher, 2);
	begins(5, "redis");
	happened("remember2 exit2 new5 recall5(by 1) ");
	usm_prefetcher_member_gone(prefetcher, 5);
	begins(7, "redis");
	happened("remember5 exit5 new7 recall7(by 5) ");
}

Test(programs, without_a_name_are_not)
{
	begins(1, NULL);
	usm_prefetcher_member_gone(prefetcher, 1);
	happened("new1 exit1 ");
}

Test(programs, are_remembered_when_the_policy_goes)
{
	begins(1, "redis");
	begins(3, "other");
	happened("new1 new3 ");
	put_policy(&diary);
	happened("remember1 remember3 new1 recall1(by 1) new3 recall3(by 3) ");
	usm_prefetcher_adopt(prefetcher, NULL);
	happened("remember1 remember3 ");
	/* Whose process ended meanwhile is forgotten. */
	usm_prefetcher_member_gone(prefetcher, 1);
	put_policy(&diary);
	happened("new3 recall3(by 3) ");
	usm_prefetcher_destroy(prefetcher);
	prefetcher = NULL;
	happened("remember3 ");
}

static uint64_t counter(const char *name)
{
	struct usm_policy_stat stat[16];
	uint32_t nr = usm_prefetcher_stats(prefetcher, stat, 16), i;

	for (i = 0; i < nr; i++)
		if (!strcmp(stat[i].name, name))
			return stat[i].value;
	return UINT64_MAX;
}

Test(programs, of_a_policy_that_writes_too_much_are_lost)
{
	begins(1, "redis");
	too_much = 1;
	usm_prefetcher_member_gone(prefetcher, 1);
	begins(3, "redis");
	happened("new1 remember1 exit1 new3 ");
	cr_assert_eq(counter("overruled"), 1);
	too_much = 0;
	usm_prefetcher_member_gone(prefetcher, 3);
	cr_assert_eq(counter("records"), 1);
}

/* One of an older header, or that does not care. */
Test(programs, are_no_business_of_other_policies)
{
	struct usm_prefetch_policy plain = diary;

	plain.remember = NULL;
	plain.recall = NULL;
	put_policy(&plain);
	begins(1, "redis");
	usm_prefetcher_member_gone(prefetcher, 1);
	happened("new1 exit1 ");
	cr_assert_eq(counter("records"), UINT64_MAX);
	usm_prefetcher_adopt(prefetcher, NULL);
}
