/* SPDX-License-Identifier: MIT */
/* What is not adopted, and what draining leaves. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/pattern.h"
#include "lib/wait.h"
#include "live/live.h"

#define FRAMES 512
#define PIN_PAGES 16
#define SHARED_PAGES 64
#define OWN_PAGES 64
#define PAGES (PIN_PAGES + SHARED_PAGES + OWN_PAGES)
#define SEED 21
#define DEADLINE_MS 5000
#define LIMIT_MS 30000
#define NOBODY 65534

/*
 * The first pages are in a pipe, the next shared with a child, the last its
 * own: written again after the fork.
 */
static int hold(struct child *self, void *arg)
{
	char *buffer = pattern_map(PAGES * PAGE_BYTES);
	struct iovec pinned = { buffer, PIN_PAGES * PAGE_BYTES };
	char *copy = pattern_map(pinned.iov_len);
	size_t done = 0;
	int ends[2];
	ssize_t n;
	pid_t pid;

	(void)arg;
	self->shared->word[WORK_ADDR] = (uintptr_t)buffer;
	self->shared->word[WORK_PAGES] = PAGES;
	pattern_fill(buffer, 0, PAGES, 1, SEED);
	pid = fork();
	if (!pid) {
		while (__atomic_load_n(&self->shared->let, __ATOMIC_ACQUIRE) <=
		       1)
			pause_ms(1);
		_exit(pattern_bad(buffer, 0, PAGES, 1, SEED) ? 1 : 0);
	}
	pattern_fill(buffer, 0, PIN_PAGES, 1, SEED + 1);
	pattern_fill(buffer, PIN_PAGES + SHARED_PAGES, PAGES, 1, SEED + 1);
	if (pipe2(ends, O_CLOEXEC) ||
	    vmsplice(ends[1], &pinned, 1, 0) != (ssize_t)pinned.iov_len)
		return 2;
	child_stop_at(self, 1);
	if (process_end(pid, CHILD_LIMIT_MS))
		return 3;
	pattern_fill(buffer, 0, PIN_PAGES, 1, SEED + 2);
	while (done < pinned.iov_len &&
	       (n = read(ends[0], copy + done, pinned.iov_len - done)) > 0)
		done += (size_t)n;
	/* The pipe has the memory itself. */
	if (pattern_bad(copy, 0, PIN_PAGES, 1, SEED + 2))
		return 4;
	child_stop_at(self, 2);
	if (pattern_bad(buffer, 0, PIN_PAGES, 1, SEED + 2) ||
	    pattern_bad(buffer, PIN_PAGES, PIN_PAGES + SHARED_PAGES, 1, SEED) ||
	    pattern_bad(buffer, PIN_PAGES + SHARED_PAGES, PAGES, 1, SEED + 1))
		return 5;
	return 0;
}

static size_t in_pool(const struct child *child,
		      const struct raw_daemon *daemon)
{
	struct work_places places;

	work_places(child, daemon, &places);
	check_eq(places.present, PAGES, "all of its pages are there");
	return places.pool;
}

static void check_errors(const struct raw_daemon *daemon, int dev,
			 uint32_t member)
{
	struct usm_adopt step = {
		.instance = daemon->claim.instance,
		.member = member,
	};

	step.addr = 1;
	check_eq(usm_client_adopt(daemon->dev, &step), -EINVAL,
		 "an address inside a page");
	step.addr = 0;
	step.member = member + 1000;
	check_eq(usm_client_adopt(daemon->dev, &step), -ESRCH,
		 "a member that does not exist");
	step.member = member;
	require(!seteuid(NOBODY), "without privileges");
	check_eq(usm_client_adopt(dev, &step), -EPERM, "a stranger");
	require(!seteuid(0), "privileged again");
}

void test_adopt_refused(int dev)
{
	struct usm_adopt step = { 0 };
	struct raw_daemon daemon;
	struct usm_unbind drain = { 0 };
	struct child child;
	unsigned int round;

	raw_daemon_open(&daemon, "refused", FRAMES, 0, DEADLINE_MS);
	raw_daemon_serve(&daemon, true);
	child_start(&child, hold, NULL);
	child_let(&child, 0);
	require(child_reached(&child, 1), "it holds its pages");
	step.instance = daemon.claim.instance;
	require(!usm_client_bind(daemon.dev, step.instance, child.pidfd,
				 USM_INHERIT_ALL, &step.member),
		"it is bound");
	check_errors(&daemon, dev, step.member);

	check_eq(usm_client_adopt(daemon.dev, &step), 0, "adopting");
	check_compare(step.busy, >=, PIN_PAGES + SHARED_PAGES,
		      "pinned and shared pages are counted");
	check_eq(step.addr, 0, "it went through all of it");
	check_eq(in_pool(&child, &daemon), OWN_PAGES, "its own are in frames");

	child_let(&child, 1);
	require(child_reached(&child, 2), "nobody lost a byte");
	for (round = 0; round < 10 && in_pool(&child, &daemon) < PAGES; round++)
		usm_client_adopt(daemon.dev, &step);
	check_eq(in_pool(&child, &daemon), PAGES, "alone, all are adopted");

	check_eq(usm_client_drain(daemon.dev, step.instance, child.pidfd,
				  &drain),
		 0, "draining");
	check_eq(in_pool(&child, &daemon), 0, "all of it is out");
	check_eq(usm_client_drain(daemon.dev, step.instance, child.pidfd,
				  &drain),
		 0, "again, with nothing to do");
	check_eq(usm_client_unbind(daemon.dev, step.instance, child.pidfd),
		 -ENOENT, "it is not bound any more");
	child_let(&child, 2);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0, "its data is right");
	raw_daemon_close(&daemon);
	check(instance_gone(dev, step.instance, LIMIT_MS),
	      "all of it came back");
}
