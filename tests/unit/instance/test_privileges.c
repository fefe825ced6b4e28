/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "instance/notify.h"
#include "instance/privileges.h"

/* Each test is a process of its own, so nothing is lost for the others. */

static uint64_t capabilities(const char *which)
{
	FILE *status = fopen("/proc/self/status", "r");
	uint64_t value = ~0ULL;
	char line[256];

	cr_assert_not_null(status);
	while (fgets(line, sizeof(line), status))
		if (!strncmp(line, which, strlen(which)))
			cr_assert_eq(
				sscanf(line + strlen(which), "%lx", &value), 1);
	fclose(status);
	return value;
}

Test(privileges, nothing_is_left)
{
	static const char *const sets[] = { "CapInh:", "CapPrm:", "CapEff:",
					    "CapBnd:", "CapAmb:" };
	struct usm_failure failure = { 0 };
	unsigned int i;

	if (geteuid())
		cr_skip_test("only root has rights to give up");
	cr_assert_eq(usm_privileges_drop(70000, 70001, &failure), 0, "%s",
		     failure.text);
	cr_assert_eq(getuid(), 70000);
	cr_assert_eq(getgid(), 70001);
	cr_assert_eq(getgroups(0, NULL), 0);
	cr_assert_eq(setresuid(0, 0, 0), -1);
	cr_assert_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	cr_assert_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		cr_assert_eq(capabilities(sets[i]), 0, "%s", sets[i]);
}

Test(privileges, killing_is_left_and_nothing_else)
{
	static const uint64_t kill_alone = 1 << 5; /* CAP_KILL */
	struct usm_failure failure = { 0 };

	if (geteuid())
		cr_skip_test("only root has rights to give up");
	cr_assert_eq(usm_privileges_keep_kill(70000, 70001, &failure), 0, "%s",
		     failure.text);
	cr_assert_eq(getuid(), 70000);
	cr_assert_eq(capabilities("CapPrm:"), kill_alone);
	cr_assert_eq(capabilities("CapEff:"), kill_alone);
	cr_assert_eq(capabilities("CapBnd:"), 0);
	cr_assert_eq(capabilities("CapInh:"), 0);
	cr_assert_eq(setresuid(0, 0, 0), -1);
}

Test(privileges, root_is_no_place_to_go)
{
	struct usm_failure failure = { 0 };

	cr_assert_eq(usm_privileges_drop(0, 70000, &failure), -EINVAL);
	cr_assert_eq(failure.exit, USM_EXIT_USAGE);
	cr_assert_eq(usm_privileges_drop(70000, 0, &failure), -EINVAL);
	cr_assert_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
}

Test(notify, writes_one_line_and_closes)
{
	char line[64] = "";
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(usm_notify_ready(fds[1], 17), 0);
	cr_assert_eq(read(fds[0], line, sizeof(line)), 18);
	cr_assert_str_eq(line, "ready instance=17\n");
	cr_assert_eq(read(fds[0], line, sizeof(line)), 0);
	cr_assert_eq(fcntl(fds[1], F_GETFD), -1);
	cr_assert_eq(usm_notify_ready(-1, 17), 0);
}
