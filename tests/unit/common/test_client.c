/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/client.h"

Test(client, open_says_what_is_wrong)
{
	int fd = -7;

	cr_assert_eq(usm_client_open("/dev/none-such", &fd), -ENOENT);
	cr_assert_eq(usm_client_open("/dev/null", &fd), -ENOTTY);
	cr_assert_eq(fd, -7);
}

Test(client, outputs_survive_failure)
{
	usm_auto_fd fd = open("/dev/null", O_RDWR);
	struct usm_claim claim = { .frames = 42, .nr_slots = 64 };
	struct usm_info info = { .pool_frames = 9 };
	uint64_t rung[USM_RUNG_WORDS] = { 3 };
	uint32_t nr = 5, member = 8;

	cr_assert_eq(usm_client_info(fd, &info), -ENOTTY);
	cr_assert_eq(info.pool_frames, 9);
	cr_assert_eq(usm_client_claim(fd, &claim), -ENOTTY);
	cr_assert_eq(claim.frames, 42);
	cr_assert_eq(claim.abi, 0);
	cr_assert_eq(usm_client_bind(fd, 1, 0, USM_INHERIT_ALL, &member),
		     -ENOTTY);
	cr_assert_eq(member, 8);
	cr_assert_eq(usm_client_list(fd, 0, NULL, &nr), -ENOTTY);
	cr_assert_eq(nr, 5);
	cr_assert_eq(usm_client_waker_wait(fd, 0, rung), -ENOTTY);
	cr_assert_eq(rung[0], 3);
}

Test(client, pidfd_of_self_and_of_nobody)
{
	usm_auto_fd fd = -1;

	cr_assert_eq(usm_client_pidfd(getpid(), &fd), 0);
	cr_assert_geq(fd, 0);
	cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	/* Above any pid_max. */
	cr_assert_eq(usm_client_pidfd(1 << 30, &fd), -ESRCH);
}

Test(client, records_are_read_whole_or_not_at_all)
{
	uint64_t pfns[4] = { 0 };
	uint32_t nr = 4;
	int fds[2];

	cr_assert_eq(pipe2(fds, O_NONBLOCK), 0);
	cr_assert_eq(usm_client_read_freed(fds[0], pfns, &nr), -EAGAIN);
	cr_assert_eq(nr, 4);
	cr_assert_eq(write(fds[1], (uint64_t[]){ 11, 12 }, 16), 16);
	cr_assert_eq(usm_client_read_freed(fds[0], pfns, &nr), 0);
	cr_assert_eq(nr, 2);
	cr_assert_eq(pfns[1], 12);
	close(fds[1]);
	nr = 4;
	cr_assert_eq(usm_client_read_freed(fds[0], pfns, &nr), -ENODEV);
	close(fds[0]);
}

Test(client, unmapping_nothing_is_fine)
{
	usm_client_unmap(NULL, 4096);
}
