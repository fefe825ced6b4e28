/* SPDX-License-Identifier: MIT */
/* A frame that changes its instance is zero for the new one. */
#include <stdbool.h>
#include <sys/mman.h>

#include "common/client.h"
#include "handover/handover.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/pattern.h"
#include "lib/raw_daemon.h"

#define MEMBER_PAGES 512
#define DAEMON_PAGES 512
#define SEED 42
#define DEADLINE_MS 5000
#define GONE_LIMIT_MS 20000

/* The whole pool, so that every frame of the last instance is in it. */
static void open_all(struct raw_daemon *daemon, int dev, const char *name)
{
	struct usm_info info;

	usm_client_info(dev, &info);
	raw_daemon_open(daemon, name, info.free_frames, 0, DEADLINE_MS);
}

static size_t slice_nonzero(const struct raw_daemon *daemon)
{
	size_t nonzero = 0;
	uint32_t i;

	for (i = 0; i < daemon->claim.nr_extents; i++) {
		const struct usm_extent *extent = &daemon->claim.extents[i];
		void *slice;

		if (usm_client_map_slice(daemon->dev, extent->first,
					 extent->frames, &slice))
			require(false, "a slice maps");
		nonzero += pattern_nonzero(slice, 0, extent->frames);
		usm_client_unmap(slice, extent->frames * PAGE_BYTES);
	}
	return nonzero;
}

/* Writes into frames that no member ever had, at the partition's end. */
static void write_as_daemon(const struct raw_daemon *daemon)
{
	const struct usm_extent *extent =
		&daemon->claim.extents[daemon->claim.nr_extents - 1];
	void *slice;

	if (usm_client_map_slice(daemon->dev,
				 extent->first + extent->frames - DAEMON_PAGES,
				 DAEMON_PAGES, &slice))
		require(false, "the end of the slice maps");
	pattern_fill(slice, 0, DAEMON_PAGES, 1, SEED);
	usm_client_unmap(slice, DAEMON_PAGES * PAGE_BYTES);
}

/* Fills its buffer and stays with it until it is let on. */
static int fill(struct child *self, void *arg)
{
	void *buffer = arg;

	pattern_fill(buffer, 0, MEMBER_PAGES, 1, SEED);
	child_stop_at(self, 1);
	return (int)pattern_bad(buffer, 0, MEMBER_PAGES, 1, SEED);
}

static void bind(int dev, const struct raw_daemon *daemon,
		 const struct child *member)
{
	require(!usm_client_bind(dev, daemon->claim.instance, member->pidfd,
				 USM_INHERIT_ALL, NULL),
		"a member is bound");
}

void test_zeroed(int dev)
{
	void *buffer = pattern_map(MEMBER_PAGES * PAGE_BYTES);
	struct raw_daemon daemon;
	struct child member;
	uint32_t id;

	child_start(&member, fill, buffer);
	open_all(&daemon, dev, "before");
	id = daemon.claim.instance;
	check_eq(slice_nonzero(&daemon), 0, "a new slice is all zero");
	raw_daemon_serve(&daemon, false);
	bind(dev, &daemon, &member);
	child_let(&member, 0);
	require(child_reached(&member, 1), "the member has written");
	write_as_daemon(&daemon);
	check_compare(slice_nonzero(&daemon), >=, MEMBER_PAGES + DAEMON_PAGES,
		      "its daemon sees what it and the member wrote");
	child_let(&member, 1);
	check_eq(child_end(&member, CHILD_LIMIT_MS), 0, "the data was right");
	check_compare(slice_nonzero(&daemon), >=, DAEMON_PAGES,
		      "within an instance nothing is scrubbed");
	raw_daemon_close(&daemon);
	check(instance_gone(dev, id, GONE_LIMIT_MS), "the instance ends");

	open_all(&daemon, dev, "after");
	id = daemon.claim.instance;
	check_eq(slice_nonzero(&daemon), 0,
		 "the next instance finds all frames zero");
	raw_daemon_close(&daemon);
	check(instance_gone(dev, id, GONE_LIMIT_MS), "it ends too");
	munmap(buffer, MEMBER_PAGES * PAGE_BYTES);
}

void test_zeroed_late(int dev)
{
	void *buffer = pattern_map(MEMBER_PAGES * PAGE_BYTES);
	struct raw_daemon daemon;
	struct usm_instance_info info = { 0 };
	struct usm_info pool;
	struct child member;
	uint32_t id, all;

	child_start(&member, fill, buffer);
	open_all(&daemon, dev, "leaves");
	id = daemon.claim.instance;
	all = daemon.claim.frames;
	raw_daemon_serve(&daemon, false);
	bind(dev, &daemon, &member);
	child_let(&member, 0);
	require(child_reached(&member, 1), "the member has written");
	raw_daemon_close(&daemon);

	check(!instance_info(dev, id, &info) &&
		      info.state == USM_INSTANCE_DYING,
	      "an instance whose frames are out stays until they come home");
	check_compare(info.frames[USM_FRAME_MAPPED], >=, MEMBER_PAGES,
		      "they are mapped");
	usm_client_info(dev, &pool);
	check_eq(pool.free_frames + info.owned, all,
		 "nobody else can have them meanwhile");
	child_let(&member, 1);
	check_eq(child_end(&member, CHILD_LIMIT_MS), 0,
		 "the member keeps its data without the instance");
	check(instance_gone(dev, id, GONE_LIMIT_MS), "then the instance ends");

	open_all(&daemon, dev, "late");
	check_eq(daemon.claim.frames, all, "all frames can be had again");
	check_eq(slice_nonzero(&daemon), 0, "and all of them are zero");
	raw_daemon_close(&daemon);
	munmap(buffer, MEMBER_PAGES * PAGE_BYTES);
}
