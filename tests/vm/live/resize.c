/* SPDX-License-Identifier: MIT */
/* A partition of free frames grows and shrinks. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/child.h"
#include "lib/fault.h"
#include "lib/instance.h"
#include "lib/pattern.h"
#include "lib/wait.h"
#include "live/live.h"

#define SMALL 128
#define MIDDLE 256
#define LARGE 512
#define SEED 3
#define NOBODY 65534
#define GONE_LIMIT_MS 20000

static uint32_t owned(const struct raw_daemon *daemon)
{
	struct usm_instance_info info;

	if (instance_info(daemon->dev, daemon->claim.instance, &info))
		return 0;
	return info.owned == info.target ? info.owned : UINT32_MAX;
}

static void read_extents(const struct raw_daemon *daemon,
			 struct usm_extents *out)
{
	require(!usm_client_extents(daemon->dev, daemon->claim.instance, out),
		"the extents are read");
}

/* RESIZE events since the last call. */
static uint32_t resize_events(int events)
{
	struct usm_event event[16];
	uint32_t i, nr = 16, found = 0;

	if (usm_client_read_events(events, event, &nr))
		return 0;
	for (i = 0; i < nr; i++)
		found += event[i].type == USM_EVENT_RESIZE;
	return found;
}

/* Pages of a mapping that fault, and that hold anything but zeroes. */
static uint32_t faulting(char *slice, uint32_t from, uint32_t to)
{
	uint32_t i, found = 0;

	for (i = from; i < to; i++)
		found += touch_faults(slice + i * PAGE_BYTES, false);
	return found;
}

static void refuse(const struct raw_daemon *daemon, int dev)
{
	uint32_t id = daemon->claim.instance;
	struct usm_resize out = { 0 };
	struct usm_extents extents;

	check_eq(usm_client_resize(daemon->dev, id, 0, NULL), -EINVAL,
		 "a size of nothing is refused");
	check_eq(usm_client_resize(daemon->dev, id, UINT32_MAX, &out), -ENOSPC,
		 "a size above the pool's is refused");
	check_compare(out.left, >, 0, "and it says what is left");
	check_eq(owned(daemon), MIDDLE, "a refused resize changes nothing");
	check_eq(usm_client_resize(dev, USM_INSTANCES_MAX, SMALL, NULL),
		 -ENODEV, "an instance that does not exist");

	require(!seteuid(NOBODY), "without privileges");
	check_eq(usm_client_resize(dev, id, SMALL, NULL), -EPERM,
		 "a stranger may not resize");
	check_eq(usm_client_extents(dev, id, &extents), -EPERM,
		 "nor read the extents");
	check_eq(usm_client_resize(daemon->dev, id, MIDDLE, NULL), 0,
		 "on the claiming file it needs no privilege");
	check_eq(usm_client_resize(daemon->dev, id, LARGE, NULL), -EPERM,
		 "but to grow it does");
	require(!seteuid(0), "privileged again");
}

/* Another tenant, in a process of its own, that takes the whole pool. */
static int be_next(struct child *self, void *arg)
{
	const uint32_t *first = arg;
	struct usm_info info;
	struct raw_daemon daemon;
	bool overlaps = false;
	size_t nonzero = 0;
	uint32_t i;
	int dev;

	(void)self;
	dev = device_open();
	usm_client_info(dev, &info);
	close(dev);
	raw_daemon_open(&daemon, "resize-next", info.free_frames, 0, 1000);
	for (i = 0; i < daemon.claim.nr_extents; i++) {
		const struct usm_extent *run = &daemon.claim.extents[i];
		void *slice;

		overlaps |= run->first <= *first + SMALL &&
			    *first + LARGE <= run->first + run->frames;
		require(!usm_client_map_slice(daemon.dev, run->first,
					      run->frames, &slice),
			"its slice is mapped");
		nonzero += pattern_nonzero(slice, 0, run->frames);
		usm_client_unmap(slice, run->frames * PAGE_BYTES);
	}
	check(overlaps, "another tenant gets the frames that went");
	check_eq(nonzero, 0, "all is zero for it");
	raw_daemon_close(&daemon);
	return 0;
}

void test_resize(int dev)
{
	struct usm_extents extents;
	struct raw_daemon daemon;
	struct child next;
	uint32_t id, first;
	int events = -1;
	void *slice;

	raw_daemon_open(&daemon, "resize", MIDDLE, 0, 1000);
	id = daemon.claim.instance;
	first = daemon.claim.extents[0].first;
	require(!usm_client_open_events(&events), "the events are open");
	refuse(&daemon, dev);
	resize_events(events);

	check_eq(usm_client_resize(daemon.dev, id, LARGE, NULL), 0, "it grows");
	check_eq(owned(&daemon), LARGE, "it has the new size at once");
	check_eq(resize_events(events), 1, "the daemon is told");
	read_extents(&daemon, &extents);
	check_eq(extents.frames, LARGE, "its runs have the size");
	check(extents.nr_extents == 1 && extents.extents[0].first == first,
	      "the run that it had became longer");

	require(!usm_client_map_slice(daemon.dev, first, LARGE, &slice),
		"all of it is mapped");
	check_eq(pattern_nonzero(slice, 0, LARGE), 0, "new frames are zero");
	pattern_fill(slice, 0, LARGE, 1, SEED);

	check_eq(usm_client_resize(daemon.dev, id, SMALL, NULL), 0,
		 "it shrinks");
	check_eq(owned(&daemon), SMALL, "FREE frames go at once");
	check_eq(resize_events(events), 1, "the daemon is told again");
	check_eq(faulting(slice, SMALL, LARGE), LARGE - SMALL,
		 "its mapping of what went only faults");
	check_eq(pattern_bad(slice, 0, SMALL, 1, SEED), 0,
		 "what stayed is as it was");
	check_eq(raw_daemon_frame(&daemon, first + SMALL), USM_FRAME_POOL,
		 "what went is not its any more");

	child_start(&next, be_next, &first);
	child_let(&next, 0);
	check_eq(child_end(&next, CHILD_LIMIT_MS), 0, "the next tenant ends");

	check_eq(usm_client_resize(daemon.dev, id, LARGE, NULL), 0,
		 "it grows again");
	check_eq(owned(&daemon), LARGE, "to the old size");
	usm_client_unmap(slice, LARGE * PAGE_BYTES);
	close(events);
	raw_daemon_close(&daemon);
	check(instance_gone(dev, id, GONE_LIMIT_MS), "all of it came back");
}

void test_resize_lost(int dev)
{
	struct usm_instance_info info = { 0 };
	struct raw_daemon daemon;
	struct usm_claim claim;
	uint32_t id;

	raw_daemon_open(&daemon, "resize-lost", MIDDLE, USM_CLAIM_PERSIST,
			1000);
	id = daemon.claim.instance;
	claim = daemon.claim;
	raw_daemon_close(&daemon);
	check(wait_until(GONE_LIMIT_MS,
			 !instance_info(dev, id, &info) &&
				 info.state == USM_INSTANCE_LOST),
	      "its daemon is gone");

	check_eq(usm_client_resize(dev, id, SMALL, NULL), 0,
		 "it shrinks without a daemon");
	check_eq(usm_client_resize(dev, id, LARGE, NULL), 0,
		 "it grows without a daemon");
	instance_info(dev, id, &info);
	check_eq(info.owned, LARGE, "it has the new size");

	require(!usm_client_open(NULL, &daemon.dev), "the device opens");
	memset(&claim, 0, sizeof(claim));
	memcpy(claim.name, "resize-lost", sizeof("resize-lost"));
	claim.flags = USM_CLAIM_ATTACH;
	claim.frames = MIDDLE;
	check_eq(usm_client_claim(daemon.dev, &claim), -EUCLEAN,
		 "a daemon that knows the old size is told");
	close(daemon.dev);
	raw_daemon_open(&daemon, "resize-lost", 0, USM_CLAIM_ATTACH, 1000);
	check_eq(daemon.claim.frames, LARGE, "one that does not ask gets it");
	raw_daemon_close(&daemon);
	check(instance_gone(dev, id, GONE_LIMIT_MS), "all of it came back");
}
