/* SPDX-License-Identifier: MIT */
/* Which entry of "processes" a process falls under. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "instance/processes/group.h"
#include "instance/processes/match.h"
#include "temp_dir.h"

static const struct usm_config_processes processes = {
	.nr = 4,
	.process = {
		{ .name = "redis-*", .has_uid = true, .uid = 7 },
		{ .name = "redis-*" },
		{ .cgroup = "/system.slice/db*.service" },
		{ .has_uid = true, .uid = 0 },
	},
};

static unsigned int match(const char *name, const char *cgroup, int uid)
{
	const struct usm_process_facts facts = {
		.name = name,
		.cgroup = cgroup,
		.has_uid = uid >= 0,
		.uid = uid >= 0 ? (uid_t)uid : 0,
	};

	return usm_process_match(&processes, &facts);
}

Test(match, first_entry_all_of_which_fits)
{
	cr_assert_eq(match("redis-server", NULL, 7), 1);
	cr_assert_eq(match("redis-server", NULL, 8), 2);
	cr_assert_eq(match("redis", "/system.slice/db1.service", 8), 3);
	cr_assert_eq(match("redis", "/system.slice/a/db1.service", 8), 0);
	/* A star stands for a / as well. */
	cr_assert_eq(match("x", "/system.slice/db/b.service", 8), 3);
	cr_assert_eq(match("x", "/", 0), 4);
	cr_assert_eq(match("x", "/", 1), 0);
}

Test(match, what_is_not_known_fits_nothing)
{
	cr_assert_eq(match("redis-server", NULL, -1), 2);
	cr_assert_eq(match("x", NULL, -1), 0);
	cr_assert_eq(match(NULL, NULL, -1), 0);
}

Test(match, says_what_it_asks_for)
{
	const struct usm_config_processes names = {
		.nr = 1,
		.process = { { .name = "a" } },
	};

	cr_assert(usm_process_match_cgroup(&processes));
	cr_assert(usm_process_match_uid(&processes));
	cr_assert_not(usm_process_match_cgroup(&names));
	cr_assert_not(usm_process_match_uid(&names));
}

/* ---- from /proc ----------------------------------------------------------------- */

static void write_file(const char *dir, const char *name, const char *text)
{
	temp_file(dir, name, text, strlen(text), 0444);
}

Test(group, reads_proc)
{
	char proc[256], dir[512];

	temp_dir_make(proc, sizeof(proc));
	snprintf(dir, sizeof(dir), "%s/42", proc);
	cr_assert_eq(mkdir(dir, 0700), 0);
	write_file(dir, "status",
		   "Name:\tUid:\nUmask:\t0022\nUid:\t7\t0\t0\t0\nGid:\t0\n");
	write_file(dir, "cgroup",
		   "1:cpu:/db.service\n0::/system.slice/db2.service\n");
	cr_assert_eq(usm_process_group(&processes, proc, 42, "redis-cli"), 1);
	cr_assert_eq(usm_process_group(&processes, proc, 42, "other"), 3);
	/* Gone, or hidden: only its name is known. */
	cr_assert_eq(usm_process_group(&processes, proc, 43, "redis-cli"), 2);
	cr_assert_eq(usm_process_group(&processes, proc, 43, "other"), 0);
	cr_assert_eq(usm_process_group(&processes, proc, 0, "other"), 0);
	cr_assert_eq(usm_process_group(NULL, proc, 42, "redis-cli"), 0);
	/* Files that are not what they should be. */
	write_file(dir, "status", "Uid:\tx\n");
	write_file(dir, "cgroup", "0::/system.slice/db2.service");
	cr_assert_eq(usm_process_group(&processes, proc, 42, "other"), 0);
	write_file(dir, "cgroup", "");
	cr_assert_eq(usm_process_group(&processes, proc, 42, "other"), 0);
	temp_dir_remove(proc);
}

Test(group, reads_itself)
{
	struct usm_config_processes own = {
		.nr = 1,
		.process = { { .has_uid = true, .uid = getuid() } },
	};

	cr_assert_eq(usm_process_group(&own, "/proc", getpid(), "x"), 1);
	own.process[0].uid++;
	cr_assert_eq(usm_process_group(&own, "/proc", getpid(), "x"), 0);
}
