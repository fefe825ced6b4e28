/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/client.h"
#include "fake_kernel.h"
#include "instance/control.h"

#define FRAMES 128

/* Pipes stand for the two proc files; closing one ends the claim. */
static struct fake_kernel fake;
static struct usm_session session;
static struct usm_control control;
static int events_in, freed_in;
static unsigned int observed, nr_gone, nr_come;
static uint32_t come[8];
static uint32_t gone[8];

static int read_pipe(void *ctx, uint64_t *pfns, uint32_t *nr)
{
	struct usm_session *from = ctx;

	return usm_client_read_freed(from->freed_fd, pfns, nr);
}

static void member_gone(void *ctx, uint32_t member)
{
	(void)ctx;
	gone[nr_gone++ % 8] = member;
}

/* Those who are told have room for so many; UINT32_MAX: for any number. */
static uint32_t room = UINT32_MAX;
static uint32_t known; /* members, each a bit */

static bool member_new(void *ctx, const struct usm_member *member)
{
	(void)ctx;
	cr_assert_eq(member->pid, 1);
	if (!room) {
		/* They make some until the next time. */
		room = 2;
		return false;
	}
	room -= room != UINT32_MAX;
	come[nr_come++ % 8] = member->member;
	known |= 1U << member->member % 32;
	return true;
}

static void observe(void *ctx, const struct usm_event *event)
{
	(void)ctx;
	(void)event;
	observed++;
}

static void setup(void)
{
	static struct usm_kernel kernel;
	int fds[2];

	fake_kernel_init(&fake, FRAMES);
	session.device_fd = -1;
	cr_assert_eq(pipe2(fds, O_NONBLOCK), 0);
	session.events_fd = fds[0];
	events_in = fds[1];
	cr_assert_eq(pipe2(fds, O_NONBLOCK), 0);
	session.freed_fd = fds[0];
	freed_in = fds[1];
	kernel = fake.ops;
	kernel.ctx = &session;
	kernel.read_freed = read_pipe;
	control.session = &session;
	control.stop_fd = eventfd(0, EFD_NONBLOCK);
	control.observe = observe;
	control.member_gone = member_gone;
	control.member_new = member_new;
	cr_assert_eq(usm_returned_create(&fake.extent, 1, FAKE_BASE_PFN,
					 &kernel, &control.returned),
		     0);
}

static void teardown(void)
{
	usm_members_fini(&control.members);
	usm_returned_destroy(control.returned);
	fake_kernel_fini(&fake);
}

TestSuite(control, .init = setup, .fini = teardown, .timeout = 20);

static void announce(uint32_t type, uint32_t member)
{
	struct usm_event event = { .type = type, .member = member, .pid = 1 };

	cr_assert_eq(write(events_in, &event, sizeof(event)), sizeof(event));
}

static void *stop_later(void *arg)
{
	usleep(50000);
	eventfd_write(control.stop_fd, 1);
	return arg;
}

static int run_until_stopped(void)
{
	pthread_t thread;
	int err;

	cr_assert_eq(pthread_create(&thread, NULL, stop_later, NULL), 0);
	err = usm_control_run(&control);
	pthread_join(thread, NULL);
	return err;
}

Test(control, passes_begins_and_ends_to_the_workers)
{
	announce(USM_EVENT_BIND, 4);
	announce(USM_EVENT_FORK, 5);
	announce(99, 6); /* of a later ABI */
	announce(USM_EVENT_EXIT, 4);
	cr_assert_eq(run_until_stopped(), 0);
	cr_assert_eq(observed, 4);
	cr_assert_eq(control.members.nr, 1);
	cr_assert_eq(nr_gone, 1);
	cr_assert_eq(gone[0], 4);
	cr_assert_eq(nr_come, 2);
	cr_assert_eq(come[0], 4);
	cr_assert_eq(come[1], 5);
}

Test(control, tells_later_of_whom_it_could_not_tell)
{
	uint32_t member;

	room = 2;
	for (member = 10; member < 17; member++)
		announce(USM_EVENT_BIND, member);
	cr_assert_eq(run_until_stopped(), 0);
	cr_assert_eq(known, 0x7fU << 10);
	cr_assert_eq(control.untold, 0);
}

static bool drain(void *ctx)
{
	eventfd_t value;

	eventfd_read(control.source[0].fd, &value);
	++*(unsigned int *)ctx;
	return true;
}

/* And tells of every member again when that is asked for. */
Test(control, serves_other_sources)
{
	unsigned int served = 0;
	eventfd_t value;

	control.source[0] = (struct usm_control_source){
		.fd = eventfd(0, EFD_NONBLOCK),
		.ready = drain,
		.ctx = &served,
	};
	announce(USM_EVENT_BIND, 7);
	cr_assert_eq(run_until_stopped(), 0);
	cr_assert_eq(served, 0);
	nr_come = 0;
	eventfd_write(control.source[0].fd, 3);
	eventfd_read(control.stop_fd, &value);
	cr_assert_eq(run_until_stopped(), 0);
	cr_assert_eq(served, 1);
	cr_assert_eq(nr_come, 1);
	cr_assert_eq(come[0], 7);
	close(control.source[0].fd);
}

static void count(void *ctx, uint32_t frame)
{
	(void)frame;
	++*(unsigned int *)ctx;
}

Test(control, collects_freed_frames)
{
	unsigned int taken = 0;
	uint64_t pfn;

	for (pfn = 0; pfn < FRAMES; pfn++) {
		uint64_t absolute = FAKE_BASE_PFN + FAKE_FIRST + pfn;

		cr_assert_eq(write(freed_in, &absolute, 8), 8);
	}
	cr_assert_eq(run_until_stopped(), 0);
	usm_returned_drain(control.returned, 0, count, &taken);
	cr_assert_eq(taken, FRAMES);
}

Test(control, ends_with_the_claim)
{
	close(events_in);
	cr_assert_eq(usm_control_run(&control), -ENODEV);
}

Test(control, lost_announcements_are_listed_anew)
{
	/* Which fails here, without a device, and says so. */
	announce(USM_EVENT_LOST, 0);
	cr_assert_eq(usm_control_run(&control), -EBADF);
}
