/* SPDX-License-Identifier: MIT */
/*
 * Somebody has a duplicate of a daemon's descriptor and a mapping of its slice
 * made through it, and keeps both when the daemon goes.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/client.h"
#include "handover/handover.h"
#include "lib/check.h"
#include "lib/fault.h"
#include "lib/instance.h"
#include "lib/partition.h"
#include "lib/pattern.h"
#include "lib/raw_daemon.h"
#include "lib/wait.h"

#define FRAMES 64
#define SEED 7
/* "Detached" must not wait for whoever keeps the descriptor. */
#define DETACH_LIMIT_MS 2000
#define GONE_LIMIT_MS 20000

struct claimer {
	const char *name;
	uint32_t flags;
	int dev; /* inherited, without a claim */
	bool destroys;
};

#define WORD_INSTANCE 0
#define WORD_FIRST 1
#define WORD_ERROR 2

/* A daemon that writes a secret into its slice and ends when it is let on. */
static int claim_and_write(struct child *self, void *arg)
{
	const struct claimer *claimer = arg;
	struct raw_daemon daemon;
	void *slice;

	close(claimer->dev);
	raw_daemon_open(&daemon, claimer->name, FRAMES, claimer->flags, 1000);
	self->shared->word[WORD_INSTANCE] = daemon.claim.instance;
	self->shared->word[WORD_FIRST] = daemon.claim.extents[0].first;
	if (usm_client_map_slice(daemon.dev, daemon.claim.extents[0].first,
				 FRAMES, &slice))
		return 2;
	pattern_fill(slice, 0, FRAMES, 1, SEED);
	child_stop_at(self, 1);
	if (claimer->destroys)
		self->shared->word[WORD_ERROR] = (uint64_t)usm_client_destroy(
			daemon.dev, daemon.claim.instance);
	child_stop_at(self, 2);
	return 0;
}

/* What stays in the hands of the test when the daemon goes. */
struct kept {
	struct child daemon;
	uint32_t instance;
	uint32_t first;
	int fd;
	char *slice;
};

static void keep(struct kept *kept, const struct claimer *claimer)
{
	void *slice;

	child_start(&kept->daemon, claim_and_write, (void *)claimer);
	child_let(&kept->daemon, 0);
	require(child_reached(&kept->daemon, 1), "%s: a daemon claims",
		claimer->name);
	kept->instance = (uint32_t)kept->daemon.shared->word[WORD_INSTANCE];
	kept->first = (uint32_t)kept->daemon.shared->word[WORD_FIRST];
	kept->fd = daemon_device(kept->daemon.pid);
	require(kept->fd >= 0, "%s: its descriptor is duplicated",
		claimer->name);
	require(!usm_client_map_slice(kept->fd, kept->first, FRAMES, &slice),
		"%s: its slice is mapped elsewhere", claimer->name);
	kept->slice = slice;
	/* The first half is touched, the second is not there yet. */
	check_eq(pattern_bad(slice, 0, FRAMES / 2, 1, SEED), 0,
		 "%s: what it wrote can be read there", claimer->name);
}

static void check_useless(const struct kept *kept, const char *name)
{
	struct usm_frame_info frame;
	struct usm_channel *channel;
	uint32_t one = 1, i, readable = 0;
	void *slice;

	for (i = 0; i < FRAMES; i++)
		readable += !touch_faults(kept->slice + i * PAGE_BYTES, false);
	check_eq(readable, 0, "%s: the old mapping only faults", name);
	check_eq(usm_client_frames(kept->fd, kept->first, &frame, &one), -EPERM,
		 "%s: the old descriptor sees no frames", name);
	check_eq(usm_client_worker(kept->fd, 0), -EPERM,
		 "%s: it makes no worker", name);
	check_eq(usm_client_map_slice(kept->fd, kept->first, 1, &slice), -EPERM,
		 "%s: it maps no slice", name);
	check_eq(usm_client_map_channel(kept->fd, PAGE_BYTES, &channel), -EPERM,
		 "%s: it maps no channel", name);
}

static void let_go(struct kept *kept)
{
	usm_client_unmap(kept->slice, FRAMES * PAGE_BYTES);
	close(kept->fd);
}

/* The frames have a new owner, who writes a secret of its own. */
static void check_with_successor(int dev, const struct kept *kept,
				 uint32_t flags, const char *name)
{
	struct raw_daemon next;
	uint32_t id;
	void *slice;

	raw_daemon_open(&next, name, FRAMES, flags, 1000);
	id = next.claim.instance;
	check_eq(next.claim.extents[0].first, kept->first,
		 "%s: the successor has the same frames", name);
	require(!usm_client_map_slice(next.dev, kept->first, FRAMES, &slice),
		"%s: the successor's slice", name);
	if (!(flags & USM_CLAIM_ATTACH))
		check_eq(pattern_nonzero(slice, 0, FRAMES), 0,
			 "%s: they are zero", name);
	pattern_fill(slice, 0, FRAMES, 1, SEED + 1);
	check_useless(kept, name);
	check_eq(pattern_bad(slice, 0, FRAMES, 1, SEED + 1), 0,
		 "%s: the successor's data stays", name);
	usm_client_unmap(slice, FRAMES * PAGE_BYTES);
	raw_daemon_close(&next);
	check(instance_gone(dev, id, GONE_LIMIT_MS),
	      "%s: the successor is gone", name);
}

static bool lost(int dev, uint32_t id)
{
	struct usm_instance_info info;

	return !instance_info(dev, id, &info) &&
	       info.state == USM_INSTANCE_LOST;
}

void test_mapping_of_killed(int dev, bool persist)
{
	const struct claimer claimer = {
		.name = persist ? "killed-kept" : "killed",
		.flags = persist ? USM_CLAIM_PERSIST : 0,
		.dev = dev,
	};
	struct kept kept;

	keep(&kept, &claimer);
	check_eq(child_kill(&kept.daemon), 128 + SIGKILL, "%s: it is killed",
		 claimer.name);
	if (persist)
		check(wait_until(DETACH_LIMIT_MS, lost(dev, kept.instance)),
		      "%s: detached though its descriptor is open",
		      claimer.name);
	else
		check(instance_gone(dev, kept.instance, DETACH_LIMIT_MS),
		      "%s: gone though its descriptor is open", claimer.name);
	check_useless(&kept, claimer.name);
	check_with_successor(dev, &kept, persist ? USM_CLAIM_ATTACH : 0,
			     claimer.name);
	let_go(&kept);
}

void test_mapping_of_destroyed(int dev)
{
	const struct claimer claimer = {
		.name = "destroyed",
		.dev = dev,
		.destroys = true,
	};
	struct kept kept;

	keep(&kept, &claimer);
	child_let(&kept.daemon, 1);
	require(child_reached(&kept.daemon, 2), "it destroys its instance");
	check_eq((int)kept.daemon.shared->word[WORD_ERROR], 0,
		 "destroying its own instance");
	check(instance_gone(dev, kept.instance, DETACH_LIMIT_MS),
	      "the instance is gone while its daemon lives");
	check_useless(&kept, claimer.name);
	child_let(&kept.daemon, 2);
	check_eq(child_end(&kept.daemon, CHILD_LIMIT_MS), 0,
		 "the daemon ends well");
	check_with_successor(dev, &kept, 0, claimer.name);
	let_go(&kept);
}
