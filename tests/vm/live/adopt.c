/* SPDX-License-Identifier: MIT */
/* Memory moves into a partition and out again, under a process that uses it. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/pattern.h"
#include "lib/wait.h"
#include "live/group.h"
#include "live/live.h"

#define FRAMES 4096
#define PAGES 1024
#define STEP 100
#define HUGE_PAGES 1024
#define DEADLINE_MS 5000
#define LIMIT_MS 30000
/* Pages that other parts of the kernel hold for a moment: asked again. */
#define ROUNDS 20
/* Freed or charged in batches, per processor. */
#define CHARGE_SLACK (1 * MIB)

static void open_refusing(struct raw_daemon *daemon, const char *name,
			  uint32_t frames)
{
	raw_daemon_open(daemon, name, frames, 0, DEADLINE_MS);
	/* Other faults are none of this test's. */
	raw_daemon_serve(daemon, true);
}

static uint32_t bind(const struct raw_daemon *daemon, const struct child *child)
{
	uint32_t member = 0;

	require(!usm_client_bind(daemon->dev, daemon->claim.instance,
				 child->pidfd, USM_INHERIT_ALL, &member),
		"it is bound");
	return member;
}

static size_t in_pool(const struct child *child,
		      const struct raw_daemon *daemon)
{
	struct work_places places;

	work_places(child, daemon, &places);
	return places.pool;
}

/* Once through the address space in steps: pages adopted; *busy at the end. */
static size_t adopt_once(const struct raw_daemon *daemon, uint32_t member,
			 uint32_t step_pages, uint32_t *busy, int *err)
{
	struct usm_adopt step = {
		.instance = daemon->claim.instance,
		.member = member,
		.nr = step_pages,
	};
	size_t adopted = 0;

	*busy = 0;
	do {
		*err = usm_client_adopt(daemon->dev, &step);
		if (*err && *err != -ENOSPC)
			return adopted;
		adopted += step.adopted;
		*busy += step.busy;
	} while (step.addr && !*err);
	return adopted;
}

static void adopt_all(const struct raw_daemon *daemon,
		      const struct child *child, uint32_t member,
		      uint32_t step_pages, size_t pages)
{
	unsigned int round = 0;
	uint32_t busy;
	int err = 0;

	while (in_pool(child, daemon) < pages && round++ < ROUNDS && !err)
		adopt_once(daemon, member, step_pages, &busy, &err);
	check_eq(err, 0, "adopting");
	check_eq(in_pool(child, daemon), pages, "all of it is in frames");
}

static int drain_once(const struct raw_daemon *daemon,
		      const struct child *child, uint32_t limit,
		      struct usm_unbind *sum)
{
	struct usm_unbind step = { .limit = limit };
	int err;

	memset(sum, 0, sizeof(*sum));
	do {
		err = usm_client_drain(daemon->dev, daemon->claim.instance,
				       child->pidfd, &step);
		if (err && err != -ENOMEM)
			return err;
		sum->drained += step.drained;
		sum->busy += step.busy;
		sum->evicted += step.evicted;
	} while (step.addr && !err);
	return err;
}

static void drain_all(const struct raw_daemon *daemon,
		      const struct child *child, uint32_t limit)
{
	unsigned int round = 0;
	struct usm_unbind sum;
	int err = 0;

	while (!err && round++ < ROUNDS && (round == 1 || sum.busy))
		err = drain_once(daemon, child, limit, &sum);
	check_eq(err, 0, "draining");
	check_eq(in_pool(child, daemon), 0, "nothing of it is in frames");
}

/* A policy takes note of frames that came home, or they are never FREE. */
static void read_freed(int freed)
{
	uint64_t pfns[64];
	uint32_t nr;

	do
		nr = 64;
	while (!usm_client_read_freed(freed, pfns, &nr));
}

static void close_all(struct raw_daemon *daemon, int dev)
{
	uint32_t id = daemon->claim.instance;

	raw_daemon_close(daemon);
	check(instance_gone(dev, id, LIMIT_MS), "all of it came back");
}

void test_adopt_and_drain(int dev)
{
	struct work_places places;
	struct raw_daemon daemon;
	int64_t charged, less;
	struct child child;
	uint32_t member;
	unsigned int i;
	int freed = -1;
	long rss;

	open_refusing(&daemon, "adopt", FRAMES);
	require(!usm_client_open_freed(&freed), "the freed frames are read");
	work_start_kind(&child, WORK_SMALL, PAGES);
	group_make(child.pid);
	work_go(&child);
	check_eq(in_pool(&child, &daemon), 0, "its memory is ordinary");
	rss = status_kb(child.pid, "RssAnon");
	charged = group_charged();
	check_compare(charged, >=, PAGES * PAGE_BYTES, "its cgroup pays");

	member = bind(&daemon, &child);
	adopt_all(&daemon, &child, member, STEP, PAGES);
	less = group_charged();
	check_compare(charged - less, >=, PAGES * PAGE_BYTES - CHARGE_SLACK,
		      "the kernel has its own pages back");
	work_places(&child, &daemon, &places);
	check_eq(places.own, PAGES, "they are the partition's frames");
	check_eq(places.listed, 0, "none is on an LRU list");
	check_eq(status_kb(child.pid, "RssAnon"), rss, "RSS is as it was");
	check_eq(smaps_kb(child.pid, "Rss") > 0, 1, "smaps agrees to read");
	check(work_moves_on(&child), "it goes on");

	drain_all(&daemon, &child, STEP);
	work_places(&child, &daemon, &places);
	check_eq(places.present, PAGES, "its memory is all there");
	check_compare(places.listed, >=, PAGES - 128,
		      "it is on the LRU lists again");
	check_compare(group_charged() - less, >=,
		      PAGES * PAGE_BYTES - CHARGE_SLACK,
		      "its cgroup pays again");
	check_eq(status_kb(child.pid, "RssAnon"), rss, "RSS is still the same");
	check(instance_all_free(dev, daemon.claim.instance, true, LIMIT_MS),
	      "every frame came home");
	check(work_moves_on(&child), "it goes on as an ordinary process");

	for (i = 0; i < test_count(3, 300); i++) {
		adopt_all(&daemon, &child, bind(&daemon, &child), 0, PAGES);
		drain_all(&daemon, &child, 0);
		read_freed(freed);
	}
	work_end(&child, "adopted and drained");
	close(freed);
	group_remove();
	close_all(&daemon, dev);
}

/* Pages of the slice that the kernel cannot read for the daemon. */
static uint32_t out_of_reach(const char *slice, uint32_t pages)
{
	uint32_t i, found = 0;
	int pipes[2];
	char byte;

	require(!pipe(pipes), "a pipe");
	for (i = 0; i < pages; i++) {
		if (write(pipes[1], slice + (size_t)i * PAGE_BYTES, 1) == 1)
			require(read(pipes[0], &byte, 1) == 1, "a byte");
		else
			found += errno == EFAULT;
	}
	close(pipes[0]);
	close(pipes[1]);
	return found;
}

void test_adopt_withholds(int dev)
{
	struct usm_instance_info info;
	struct raw_daemon daemon;
	struct child child;
	void *slice;

	open_refusing(&daemon, "adopt-withholds", FRAMES);
	require(!usm_client_map_slice(daemon.dev, daemon.claim.extents[0].first,
				      daemon.claim.extents[0].frames, &slice),
		"the slice is mapped");
	work_start_kind(&child, WORK_SMALL, PAGES);
	work_go(&child);
	check_eq(out_of_reach(slice, daemon.claim.extents[0].frames), 0,
		 "a daemon reaches all of its frames");
	adopt_all(&daemon, &child, bind(&daemon, &child), 0, PAGES);
	/* Of the pages beside its buffer, too. */
	require(!instance_info(dev, daemon.claim.instance, &info),
		"its figures");
	check_compare(info.frames[USM_FRAME_MAPPED], >=, PAGES,
		      "the kernel took frames");
	check_eq(out_of_reach(slice, daemon.claim.extents[0].frames),
		 info.frames[USM_FRAME_MAPPED],
		 "not those: it may have been filling them");
	drain_all(&daemon, &child, 0);
	work_end(&child, "withheld");
	check(instance_all_free(dev, daemon.claim.instance, true, LIMIT_MS),
	      "every frame came home");
	check_eq(out_of_reach(slice, daemon.claim.extents[0].frames), 0,
		 "when they are free it reaches them again");
	usm_client_unmap(slice, FRAMES * PAGE_BYTES);
	close_all(&daemon, dev);
}

static void adopt_kind(int dev, enum work_kind kind, const char *what)
{
	struct raw_daemon daemon;
	struct child child;
	uint32_t member;
	long huge;

	test_note("%s", what);
	open_refusing(&daemon, "adopt-kinds", FRAMES);
	work_start_kind(&child, kind, HUGE_PAGES);
	work_go(&child);
	huge = smaps_kb(child.pid, "AnonHugePages");
	if (kind == WORK_HUGE)
		check_compare(huge, >, 0, "the kernel made large pages");
	member = bind(&daemon, &child);
	adopt_all(&daemon, &child, member, 0, HUGE_PAGES);
	check_eq(smaps_kb(child.pid, "AnonHugePages"), 0,
		 "there are no large pages");
	check(work_moves_on(&child), "it goes on");
	drain_all(&daemon, &child, 0);
	check(work_moves_on(&child), "and afterwards");
	work_end(&child, what);
	check(instance_all_free(dev, daemon.claim.instance, true, LIMIT_MS),
	      "every frame came home");
	close_all(&daemon, dev);
}

void test_adopt_kinds(int dev)
{
	adopt_kind(dev, WORK_HUGE, "large pages");
	adopt_kind(dev, WORK_LOCKED, "locked memory");
	adopt_kind(dev, WORK_FILE, "private copies of file pages");
}

void test_drain_limited(int dev)
{
	struct raw_daemon daemon;
	struct usm_unbind sum;
	struct child child;

	open_refusing(&daemon, "drain-limited", FRAMES);
	work_start_kind(&child, WORK_SMALL, PAGES);
	group_make(child.pid);
	work_go(&child);
	adopt_all(&daemon, &child, bind(&daemon, &child), 0, PAGES);
	group_limit((uint64_t)group_charged() + MIB);
	check_eq(drain_once(&daemon, &child, 0, &sum), -ENOMEM,
		 "its cgroup has no room for all of it");
	check_compare(in_pool(&child, &daemon), >, 0, "some stays in frames");
	check_compare(sum.drained, >, 0, "some is out");
	check(work_moves_on(&child), "it goes on between both");
	check_eq(group_killed(), 0, "the OOM killer was not asked");
	group_limit(0);
	drain_all(&daemon, &child, 0);
	work_end(&child, "limited");
	group_remove();
	close_all(&daemon, dev);
}
