/* SPDX-License-Identifier: MIT */
/* A partition shrinks under members that use the frames that are to go. */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/pattern.h"
#include "lib/wait.h"
#include "live/live.h"

#define FRAMES 4096
#define HALF (FRAMES / 2)
#define PAGES 1024
#define PIPE_PAGES 16
#define SEED 9
#define DEADLINE_MS 5000
#define LIMIT_MS 30000

static void open_with(struct raw_daemon *daemon, const char *name,
		      uint32_t first)
{
	raw_daemon_open(daemon, name, FRAMES, 0, DEADLINE_MS);
	raw_daemon_serve(daemon, false);
	/* Nobody faults yet: it begins there. */
	daemon->answer += first;
}

static void resize(const struct raw_daemon *daemon, uint32_t frames,
		   struct usm_resize *out)
{
	check_eq(usm_client_resize(daemon->dev, daemon->claim.instance, frames,
				   out),
		 0, "resize to %u frames", frames);
}

static struct usm_instance_info listed(const struct raw_daemon *daemon)
{
	struct usm_instance_info info;

	require(!instance_info(daemon->dev, daemon->claim.instance, &info),
		"the instance is listed");
	return info;
}

static uint32_t surplus(const struct raw_daemon *daemon)
{
	struct usm_instance_info info = listed(daemon);

	return info.owned - info.target;
}

static void start_member(struct child *child, const struct raw_daemon *daemon,
			 int (*main)(struct child *, void *))
{
	child_start(child, main, NULL);
	require(!usm_client_bind(daemon->dev, daemon->claim.instance,
				 child->pidfd, USM_INHERIT_ALL, NULL),
		"a member is bound");
	child_let(child, 0);
}

static void close_all(struct raw_daemon *daemon, int dev)
{
	uint32_t id = daemon->claim.instance;

	raw_daemon_close(daemon);
	check(instance_gone(dev, id, LIMIT_MS), "all of it came back");
}

void test_shrink_busy(int dev)
{
	struct work_places places;
	struct raw_daemon daemon;
	struct usm_resize out;
	struct child child;
	unsigned int round;
	long rss;

	open_with(&daemon, "shrink-busy", HALF);
	work_start(&child, &daemon, PAGES);
	work_go(&child);
	work_places(&child, &daemon, &places);
	check_eq(places.own, PAGES, "its memory lies in the partition");
	rss = status_kb(child.pid, "RssAnon");

	resize(&daemon, HALF, &out);
	/* And a few of its stack. */
	check_compare(out.moved, >=, PAGES, "all of its pages moved");
	check_eq(out.owned, HALF, "the frames went back");
	work_places(&child, &daemon, &places);
	check_eq(places.own, PAGES, "they lie in what stayed");
	check_eq(status_kb(child.pid, "RssAnon"), rss, "RSS is as it was");
	check(work_moves_on(&child), "it goes on");

	for (round = 0; round < test_count(20, 2000); round++) {
		if (usm_client_resize(daemon.dev, daemon.claim.instance, FRAMES,
				      NULL) ||
		    usm_client_resize(daemon.dev, daemon.claim.instance,
				      PAGES + 64 + round % 512, NULL))
			break;
		wait_until(LIMIT_MS,
			   surplus(&daemon) == 0 ||
				   usm_client_resize(
					   daemon.dev, daemon.claim.instance,
					   PAGES + 64 + round % 512, NULL));
		if (surplus(&daemon))
			break;
	}
	check_eq(round, test_count(20, 2000), "up and down again");
	work_places(&child, &daemon, &places);
	check_eq(places.own, PAGES, "all of it is in the partition still");
	check_eq(status_kb(child.pid, "RssAnon"), rss, "RSS is still the same");
	check(work_moves_on(&child), "it still goes on");
	work_end(&child, "moved");
	close_all(&daemon, dev);
}

void test_shrink_full(int dev)
{
	struct work_places places;
	struct raw_daemon daemon;
	struct usm_resize out;
	struct child child;

	open_with(&daemon, "shrink-full", 0);
	work_start(&child, &daemon, PAGES);
	work_go(&child);
	resize(&daemon, PAGES / 2, &out);
	check_eq(out.moved, 0, "there is nowhere to move to");
	/* And a few of its stack. */
	check_compare(out.owned, >=, PAGES,
		      "mapped frames stay until they come home");
	check_eq(surplus(&daemon), out.owned - PAGES / 2, "the size says so");
	check_eq(raw_daemon_frame(&daemon,
				  daemon.claim.extents[0].first + PAGES - 1),
		 USM_FRAME_MAPPED, "they are the partition's until then");
	check(work_moves_on(&child), "the member goes on");

	/* In between: more room, but not for all. */
	resize(&daemon, PAGES * 3 / 4, &out);
	check_compare(out.owned, <, PAGES + PAGES / 4,
		      "frames on their way out are had again");
	work_places(&child, &daemon, &places);
	/* A few frames there are its stack's. */
	check_compare(places.own, >, PAGES / 2,
		      "they are in the extents again");

	work_end(&child, "full");
	check(wait_until(LIMIT_MS, surplus(&daemon) == 0),
	      "at its end the frames go");
	close_all(&daemon, dev);
}

/* Fills a buffer, puts its first pages into a pipe, forks, and waits. */
static int hold(struct child *self, void *arg)
{
	char *buffer = pattern_map(2 * PIPE_PAGES * PAGE_BYTES);
	char *copy = pattern_map(PIPE_PAGES * PAGE_BYTES);
	struct iovec pinned = { buffer, PIPE_PAGES * PAGE_BYTES };
	size_t done = 0;
	int ends[2];
	ssize_t n;
	pid_t pid;

	(void)arg;
	self->shared->word[WORK_ADDR] = (uintptr_t)buffer;
	pattern_fill(buffer, 0, 2 * PIPE_PAGES, 1, SEED);
	if (pipe2(ends, O_CLOEXEC) ||
	    vmsplice(ends[1], &pinned, 1, 0) != (ssize_t)pinned.iov_len)
		return 2;
	child_stop_at(self, 1);
	/* What the pipe holds is the same memory still. */
	pattern_fill(buffer, 0, PIPE_PAGES, 1, SEED + 1);
	while (done < pinned.iov_len &&
	       (n = read(ends[0], copy + done, pinned.iov_len - done)) > 0)
		done += (size_t)n;
	if (pattern_bad(copy, 0, PIPE_PAGES, 1, SEED + 1))
		return 3;
	pid = fork();
	/* Both stop here. */
	child_stop_at(self, 2);
	if (!pid)
		_exit(pattern_bad(buffer, 0, PIPE_PAGES, 1, SEED + 1) ? 1 : 0);
	if (process_end(pid, CHILD_LIMIT_MS))
		return 4;
	child_stop_at(self, 3);
	if (pattern_bad(buffer, PIPE_PAGES, 2 * PIPE_PAGES, 1, SEED) ||
	    pattern_bad(buffer, 0, PIPE_PAGES, 1, SEED + 1))
		return 5;
	return 0;
}

void test_shrink_pinned(int dev)
{
	struct work_places places;
	struct raw_daemon daemon;
	struct usm_resize out;
	struct child child;
	uint32_t left;

	open_with(&daemon, "shrink-pinned", HALF);
	start_member(&child, &daemon, hold);
	require(child_reached(&child, 1), "it holds pages in a pipe");
	child.shared->word[WORK_PAGES] = 2 * PIPE_PAGES;

	resize(&daemon, HALF, &out);
	check_compare(out.moved, >=, PIPE_PAGES, "others are moved");
	left = out.owned - HALF;
	check_compare(left, >=, PIPE_PAGES, "pinned pages stay");
	work_places(&child, &daemon, &places);
	check_eq(places.pool, 2 * PIPE_PAGES, "none is lost");
	check_eq(places.own, PIPE_PAGES, "those in the pipe did not move");

	child_let(&child, 1);
	require(child_reached(&child, 2), "the pipe had the member's data");
	resize(&daemon, HALF, &out);
	check_compare(out.owned - HALF, >=, PIPE_PAGES,
		      "shared with a child they still stay");
	child_let(&child, 2);
	require(child_reached(&child, 3), "the child saw its data");
	check(wait_until(LIMIT_MS,
			 !usm_client_resize(daemon.dev, daemon.claim.instance,
					    HALF, &out) &&
				 out.owned == HALF),
	      "alone again they move");
	work_places(&child, &daemon, &places);
	check_eq(places.own, 2 * PIPE_PAGES, "all of it moved");
	child_let(&child, 3);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0, "its data is right");
	close_all(&daemon, dev);
}

/* ---- crumbs ---------------------------------------------------------------------- */

/* Uses all of its memory, then only every other page. */
static int use_half(struct child *self, void *arg)
{
	char *buffer = pattern_map(PAGES * PAGE_BYTES);
	size_t i, bad = 0;

	(void)arg;
	pattern_fill(buffer, 0, PAGES, 1, SEED);
	child_stop_at(self, 1);
	for (i = 0; i < PAGES; i += 2)
		munmap(buffer + i * PAGE_BYTES, PAGE_BYTES);
	child_stop_at(self, 2);
	for (i = 1; i < PAGES; i += 2)
		bad += pattern_bad(buffer, i, i + 1, 1, SEED);
	return bad ? 2 : 0;
}

void test_shrink_crumbs(int dev)
{
	struct usm_extents extents;
	struct raw_daemon daemon;
	struct usm_resize out;
	struct child child;

	open_with(&daemon, "shrink-crumbs", 0);
	start_member(&child, &daemon, use_half);
	require(child_reached(&child, 1), "it uses its memory");
	resize(&daemon, 1, &out);
	check_compare(out.owned, >=, PAGES,
		      "nearly all of it is on its way out");
	child_let(&child, 1);
	require(child_reached(&child, 2), "it uses every other page");
	check(wait_until(LIMIT_MS, listed(&daemon).owned < PAGES),
	      "what it does not use goes");

	resize(&daemon, FRAMES, &out);
	check(!usm_client_extents(daemon.dev, daemon.claim.instance,
				  &extents) &&
		      extents.frames == FRAMES,
	      "many runs of one frame are not in the way");
	test_note("%u runs", extents.nr_extents);
	child_let(&child, 2);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0, "its data is right");
	close_all(&daemon, dev);
}
