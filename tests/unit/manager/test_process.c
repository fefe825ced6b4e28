// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/client.h"
#include "process.h"

static const char status[] = "Name:\tUid: 9 9 9\nUmask:\t0022\nState:\tS\n"
			     "Uid:\t1000\t1001\t1002\t1003\n"
			     "Gid:\t2000\t2001\t2002\t2003\nFDSize:\t64\n";

Test(process, reads_ids_from_status)
{
	struct usm_credentials c = { 0 };

	cr_assert_eq(usm_process_parse_status(status, &c), 0);
	cr_assert_eq(c.uid[0], 1000);
	cr_assert_eq(c.uid[1], 1001);
	cr_assert_eq(c.uid[2], 1002);
	cr_assert_eq(c.gid[2], 2002);
	cr_assert_eq(usm_process_parse_status("Uid:\t0\t0\t0\n", &c), -EINVAL);
	cr_assert_eq(usm_process_parse_status("\nUid:\t0\n", &c), -EINVAL);
}

Test(process, belongs_only_to_whom_every_id_is)
{
	const struct usm_credentials own = {
		.uid = { 5, 5, 5 },
		.gid = { 6, 6, 6 },
		.owner = 5,
		.group = 6,
	};
	struct usm_credentials c;

	cr_assert(usm_process_owned_by(&own, 5, 6));
	cr_assert_not(usm_process_owned_by(&own, 6, 6));
	cr_assert_not(usm_process_owned_by(&own, 5, 5));
	for (int i = 0; i < 3; i++) {
		c = own;
		c.uid[i] = 0;
		cr_assert_not(usm_process_owned_by(&c, 5, 6));
		c = own;
		c.gid[i] = 0;
		cr_assert_not(usm_process_owned_by(&c, 5, 6));
	}
	c = own;
	c.owner = 0; /* not dumpable */
	cr_assert_not(usm_process_owned_by(&c, 5, 6));
}

Test(process, tells_about_ourselves)
{
	struct usm_credentials c;
	uint64_t all = 0, anonymous = 0;

	cr_assert_eq(usm_process_credentials(getpid(), &c), 0);
	cr_assert_eq(c.uid[1], geteuid());
	cr_assert_eq(usm_process_resident(getpid(), &all, &anonymous), 0);
	cr_assert_gt(anonymous, 0);
	cr_assert_gt(all, anonymous);
}

Test(process, knows_the_dead)
{
	struct usm_credentials c;
	uint64_t all, anonymous;
	pid_t pid = fork();
	int pidfd;

	if (!pid) {
		pause();
		_exit(0);
	}
	cr_assert_eq(usm_client_pidfd(pid, &pidfd), 0);
	cr_assert(usm_process_alive(pidfd));
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	cr_assert_not(usm_process_alive(pidfd));
	cr_assert_eq(usm_process_credentials(pid, &c), -ESRCH);
	cr_assert_eq(usm_process_resident(pid, &all, &anonymous), -ESRCH);
	close(pidfd);
}
