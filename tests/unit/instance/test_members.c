/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "instance/members.h"

static uint32_t gone_list[16];
static unsigned int nr_gone;

static void remember(void *ctx, uint32_t member)
{
	(void)ctx;
	gone_list[nr_gone++] = member;
}

static struct usm_event event(uint32_t type, uint32_t member, int32_t pid)
{
	struct usm_event made = {
		.type = type,
		.member = member,
		.pid = pid,
		.comm = "program",
	};

	return made;
}

Test(members, follows_fork_exec_and_exit)
{
	struct usm_members_table table = { 0 };
	struct usm_event fork = event(USM_EVENT_FORK, 8, 101);
	struct usm_event events[] = {
		event(USM_EVENT_BIND, 7, 100),
		event(USM_EVENT_EXEC, 9, 101),
		event(USM_EVENT_EXIT, 8, 101),
	};
	uint32_t gone = 1;

	fork.parent = 7;
	cr_assert_eq(usm_members_apply(&table, &events[0], &gone), 0);
	cr_assert_eq(gone, 0);
	cr_assert_eq(usm_members_apply(&table, &fork, &gone), 0);
	cr_assert_eq(usm_members_find(&table, 8)->parent, 7);
	cr_assert_str_eq(usm_members_find(&table, 8)->comm, "program");
	cr_assert_eq(usm_members_apply(&table, &events[1], &gone), 0);
	cr_assert_eq(table.nr, 3);
	cr_assert_eq(usm_members_apply(&table, &events[2], &gone), 0);
	cr_assert_eq(gone, 8);
	cr_assert_null(usm_members_find(&table, 8));
	cr_assert_eq(usm_members_find(&table, 9)->pid, 101);
	usm_members_fini(&table);
}

Test(members, takes_events_out_of_order_and_twice)
{
	struct usm_members_table table = { 0 };
	struct usm_event made;
	uint32_t gone, i;

	for (i = 200; i > 0; i--) {
		made = event(USM_EVENT_FORK, i, (int32_t)i);
		cr_assert_eq(usm_members_apply(&table, &made, &gone), 0);
		cr_assert_eq(usm_members_apply(&table, &made, &gone), 0);
	}
	cr_assert_eq(table.nr, 200);
	for (i = 1; i <= 200; i++)
		cr_assert_eq(usm_members_find(&table, i)->pid, (int32_t)i);
	made = event(USM_EVENT_EXIT, 999, 1);
	cr_assert_eq(usm_members_apply(&table, &made, &gone), 0);
	made = event(USM_EVENT_LOST, 1, 1);
	cr_assert_eq(usm_members_apply(&table, &made, &gone), -EINVAL);
	cr_assert_eq(table.nr, 200);
	usm_members_fini(&table);
}

Test(members, comm_is_always_terminated)
{
	struct usm_members_table table = { 0 };
	struct usm_event made = event(USM_EVENT_BIND, 1, 1);
	uint32_t gone;

	memset(made.comm, 'x', sizeof(made.comm));
	cr_assert_eq(usm_members_apply(&table, &made, &gone), 0);
	cr_assert_eq(strlen(usm_members_find(&table, 1)->comm), 15);
	usm_members_fini(&table);
}

Test(members, resync_reports_those_that_disappeared)
{
	static const struct usm_member_info info[] = {
		{ .member = 2, .pid = 12, .comm = "two" },
		{ .member = 5, .pid = 15, .comm = "five" },
	};
	struct usm_members_table table = { 0 };
	struct usm_event made;
	uint32_t gone, i;

	for (i = 1; i <= 3; i++) {
		made = event(USM_EVENT_FORK, i, (int32_t)i);
		made.parent = 77;
		cr_assert_eq(usm_members_apply(&table, &made, &gone), 0);
	}
	cr_assert_eq(usm_members_resync(&table, info, 2, remember, NULL), 0);
	cr_assert_eq(nr_gone, 2);
	cr_assert_eq(gone_list[0], 1);
	cr_assert_eq(gone_list[1], 3);
	cr_assert_eq(table.nr, 2);
	cr_assert_eq(usm_members_find(&table, 2)->parent, 77);
	cr_assert_str_eq(usm_members_find(&table, 5)->comm, "five");
	cr_assert_eq(usm_members_resync(&table, info, 0, remember, NULL), 0);
	cr_assert_eq(table.nr, 0);
	made = event(USM_EVENT_BIND, 9, 9);
	cr_assert_eq(usm_members_apply(&table, &made, &gone), 0);
	usm_members_fini(&table);
}
