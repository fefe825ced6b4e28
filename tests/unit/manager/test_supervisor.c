// SPDX-License-Identifier: MIT
/* The small pure parts of the supervisor: ready line, exit reason, cgroups. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "supervisor/cgroup.h"
#include "supervisor/exit_reason.h"
#include "supervisor/ready.h"
#include "usm.h"

Test(ready, reads_the_line)
{
	unsigned int id = 0;

	cr_assert_eq(usm_ready_parse("ready instance=7\n", 17, &id), 0);
	cr_assert_eq(id, 7);
	cr_assert_eq(usm_ready_parse("ready instance=1024\n", 20, &id), 0);
	cr_assert_eq(id, USM_INSTANCES_MAX);
}

Test(ready, refuses_anything_else)
{
	static const char *const wrong[] = {
		"",
		"ready",
		"ready instance=",
		"ready instance=\n",
		"ready instance=7",
		"ready instance=0\n",
		"ready instance=1025\n",
		"ready instance=99999999999\n",
		"ready instance=-1\n",
		"ready instance=7\n\n",
		"ready instance=7 \n",
		"Ready instance=7\n",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		unsigned int id = 99;

		cr_assert_eq(usm_ready_parse(wrong[i], strlen(wrong[i]), &id),
			     -EINVAL, "%s", wrong[i]);
		cr_assert_eq(id, 99);
	}
}

static void reason_is(int code, int status, const char *want)
{
	siginfo_t info = { 0 };
	char text[64];

	info.si_code = code;
	info.si_status = status;
	usm_exit_reason(&info, text, sizeof(text));
	cr_assert_str_eq(text, want);
}

Test(exit_reason, is_in_words)
{
	reason_is(CLD_EXITED, 0, "exited with status 0");
	reason_is(CLD_EXITED, 127, "exited with status 127");
	reason_is(CLD_KILLED, SIGKILL, "killed by SIGKILL");
	reason_is(CLD_DUMPED, SIGSEGV, "killed by SIGSEGV, core dumped");
	reason_is(CLD_KILLED, 50, "killed by signal 50");
}

Test(cgroup, finds_keyed_values)
{
	static const char text[] = "usage_usec 123\nuser_usec 100\n"
				   "nr_throttled 4\nthrottled_usec 55";
	uint64_t value = 0;

	cr_assert(usm_cgroup_keyed_value(text, "usage_usec", &value));
	cr_assert_eq(value, 123);
	cr_assert(usm_cgroup_keyed_value(text, "throttled_usec", &value));
	cr_assert_eq(value, 55);
	cr_assert_not(usm_cgroup_keyed_value(text, "usec", &value));
	cr_assert_not(usm_cgroup_keyed_value(text, "usage", &value));
	cr_assert_not(usm_cgroup_keyed_value("", "usage", &value));
	cr_assert_eq(value, 55);
}

Test(cgroup, reads_cpu_max)
{
	cr_assert_eq(usm_cgroup_parse_cpu_max("50000 100000\n"), 50);
	cr_assert_eq(usm_cgroup_parse_cpu_max("200000 100000\n"), 200);
	cr_assert_eq(usm_cgroup_parse_cpu_max("max 100000\n"), 0);
	cr_assert_eq(usm_cgroup_parse_cpu_max("5 0\n"), 0);
	cr_assert_eq(usm_cgroup_parse_cpu_max(""), 0);
}
