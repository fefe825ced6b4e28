/* SPDX-License-Identifier: MIT */
/* Pages that are evicted while their partition changes, or their process leaves. */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/pattern.h"
#include "lib/swapper.h"
#include "lib/wait.h"
#include "live/live.h"

#define FRAMES 2048
#define HALF (FRAMES / 2)
#define PAGES 512
/* Of a member's pages: so many in the policy's store, and in their frames. */
#define STORED 64
#define HELD 64
#define DEADLINE_MS 5000
/* Nothing is asked for once more only because time passed. */
#define LONG_DEADLINE_MS 10000
#define LIMIT_MS 30000
#define SEED 3
/* Evicted at a time while the member works. */
#define BURST 64

/* child_shared.word[] of a drainer, from 4 on; before that, of members.c */
#define DRAIN_PID 4
#define DRAIN_INSTANCE 5
#define DRAIN_LEFT 6 /* evicted pages that stayed */

/* Checks its pages, and leaves them as they are, whenever it is let. */
static int watch_main(struct child *self, void *arg)
{
	uint64_t *word = self->shared->word;
	char *memory = pattern_map(PAGES * PAGE_BYTES);
	uint32_t step;

	(void)arg;
	word[WORK_ADDR] = (uintptr_t)memory;
	word[WORK_PAGES] = PAGES;
	pattern_fill(memory, 0, PAGES, 1, SEED);
	for (step = 1; !word[WORK_STOP]; step++) {
		child_stop_at(self, step);
		word[WORK_BAD] += pattern_bad(memory, 0, PAGES, 1, SEED);
	}
	return word[WORK_BAD] ? 1 : 0;
}

/* The next step of a watcher that stands at `step`. */
static void look(struct child *child, uint32_t step, const char *when)
{
	child_let(child, step);
	require(child_reached(child, step + 1), "it reads all of it");
	check_eq(child->shared->word[WORK_BAD], 0, "%s: every page is right",
		 when);
}

static void watch_end(struct child *child, uint32_t step)
{
	child->shared->word[WORK_STOP] = 1;
	child_let(child, step);
	check_eq(child_end(child, CHILD_LIMIT_MS), 0, "it ends well");
}

static uint32_t watch_start(struct child *child, struct swapper *swapper)
{
	int member;

	child_start(child, watch_main, NULL);
	member = swapper_bind(swapper, child->pidfd, USM_INHERIT_ALL);
	require(member > 0, "a member is bound");
	child_let(child, 0);
	require(child_reached(child, 1), "it has written its memory");
	return (uint32_t)member;
}

/* From page `first` on: the first of their cookies, which are in a row. */
static uint32_t take(struct swapper *swapper, const struct child *child,
		     uint32_t member, uint32_t first, uint32_t pages)
{
	uint64_t addr = child->shared->word[WORK_ADDR] + first * PAGE_BYTES;
	uint32_t i, taken = 0;
	int cookie, any = 0;

	for (i = 0; i < pages; i++) {
		cookie = swapper_take(swapper, member, addr + i * PAGE_BYTES);
		taken += cookie > 0;
		any = any ? any : cookie;
	}
	check_eq(taken, pages, "pages are taken");
	return (uint32_t)any;
}

static uint32_t surplus(int dev, uint32_t id)
{
	struct usm_instance_info info;

	require(!instance_info(dev, id, &info), "the instance is listed");
	return info.owned - info.target;
}

static size_t own_pages(const struct child *child,
			const struct swapper *swapper)
{
	struct work_places places;

	work_places(child, &swapper->daemon, &places);
	return places.own;
}

void test_shrink_evicted(int dev)
{
	struct work_places places;
	struct swapper swapper;
	struct usm_resize out;
	struct child child;
	uint32_t id, member, held, i, swap;

	swapper_open(&swapper, "shrink-evicted", FRAMES, DEADLINE_MS);
	id = swapper.daemon.claim.instance;
	/* The highest frames first: those are to go. */
	for (i = 0; i < swapper.nr_free / 2; i++) {
		swap = swapper.free[i];
		swapper.free[i] = swapper.free[swapper.nr_free - 1 - i];
		swapper.free[swapper.nr_free - 1 - i] = swap;
	}
	member = watch_start(&child, &swapper);
	check_eq(swapper_evict(&swapper, member, child.shared->word[WORK_ADDR],
			       STORED),
		 STORED, "pages are evicted and stored");
	held = take(&swapper, &child, member, STORED, HELD);

	check_eq(swapper_resize(&swapper, HALF, &out), 0,
		 "the partition shrinks");
	check_compare(out.moved, >=, PAGES - STORED - HELD,
		      "what is mapped moves");
	check_eq(out.owned, HALF + HELD, "what is on its way out stays");
	work_places(&child, &swapper.daemon, &places);
	check_eq(places.present, PAGES - STORED - HELD,
		 "evicted pages are still out");
	check_eq(places.own, places.present, "the others are in what stayed");
	for (i = 0; i < HELD / 2; i++)
		if (swapper_store(&swapper, held + i))
			break;
	check_eq(i, HELD / 2, "some are stored");
	check(wait_until(LIMIT_MS, surplus(dev, id) == HELD / 2),
	      "and their frames go");

	look(&child, 1, "half a partition");
	check_eq(own_pages(&child, &swapper), PAGES - HELD / 2,
		 "retaken pages are in the frames that are to go");
	check_eq(swapper_resize(&swapper, HALF, &out), 0,
		 "the same call again");
	check_eq(out.moved, HELD / 2, "they move now");
	check_eq(out.owned, HALF, "and all frames went");
	check_eq(own_pages(&child, &swapper), PAGES, "all is in what stayed");
	look(&child, 2, "moved after it was retaken");
	watch_end(&child, 3);
	swapper_close(&swapper);
	check(instance_gone(dev, id, LIMIT_MS), "all of it came back");
}

/*
 * A page is filled into a frame that leaves before it is named in an answer,
 * and is back, empty, when it is.
 */
void test_grow_evicted(int dev)
{
	struct swapper swapper;
	struct usm_resize out;
	struct usm_slot slot;
	struct child child;
	uint32_t id, member, frame;
	char *bytes;
	int index;

	swapper_open(&swapper, "grow-evicted", FRAMES, LONG_DEADLINE_MS);
	id = swapper.daemon.claim.instance;
	member = watch_start(&child, &swapper);
	check_eq(swapper_evict(&swapper, member, child.shared->word[WORK_ADDR],
			       1),
		 1, "a page is evicted and stored");
	swapper_mute(&swapper, true);
	child_let(&child, 1);
	index = raw_daemon_wait(&swapper.daemon, LIMIT_MS);
	require(index >= 0, "it is asked for");
	slot = swapper.daemon.slots[index];
	check_eq(slot.kind, USM_FAULT_SWAPIN, "as one that was evicted");

	/* The highest: it is among those that go. */
	frame = swapper.free[0];
	bytes = swapper.slice + frame * PAGE_BYTES;
	memcpy(bytes, swapper.store[slot.cookie].bytes, PAGE_BYTES);
	check_eq(swapper_resize(&swapper, HALF, &out), 0,
		 "the partition shrinks");
	check_eq(swapper_resize(&swapper, FRAMES, &out), 0, "and grows");
	require(raw_daemon_frame(&swapper.daemon, frame) == USM_FRAME_FREE,
		"the frame is back");
	check_eq(*(uint64_t *)(void *)bytes, 0, "and empty");
	check_eq(raw_daemon_answer(&swapper.daemon, (uint32_t)index, slot.gen,
				   frame),
		 -ESTALE, "an answer from before does not count");
	swapper_mute(&swapper, false);
	require(child_reached(&child, 2), "it is asked again, and answered");
	check_eq(child.shared->word[WORK_BAD], 0, "every page is right");
	watch_end(&child, 2);
	swapper_close(&swapper);
	check(instance_gone(dev, id, LIMIT_MS), "all of it came back");
}

static int move_one(const struct swapper *swapper, struct usm_move_entry *entry)
{
	int err = usm_client_move(swapper->daemon.dev, entry, 1, NULL);

	return err ? err : entry->result;
}

void test_move_evicted(int dev)
{
	struct usm_move_entry entry = { 0 };
	struct swapper swapper;
	struct child child;
	uint32_t id, member, target;
	uint64_t addr;
	int cookie;

	swapper_open(&swapper, "move-evicted", FRAMES, DEADLINE_MS);
	id = swapper.daemon.claim.instance;
	member = watch_start(&child, &swapper);
	addr = child.shared->word[WORK_ADDR];
	/* Its own from here on. */
	target = swapper.free[0];
	swapper.free[0] = swapper.free[--swapper.nr_free];

	cookie = swapper_take(&swapper, member, addr);
	require(cookie > 0, "a page is taken");
	entry = (struct usm_move_entry){ .member = member,
					 .addr = addr,
					 .target = target };
	check_eq(move_one(&swapper, &entry), -ENOENT,
		 "an evicted page is not moved");
	entry = (struct usm_move_entry){ .frame = swapper.store[cookie].frame,
					 .target = target };
	check_eq(move_one(&swapper, &entry), -ENOENT,
		 "nor by the frame that holds it");
	entry = (struct usm_move_entry){ .member = member,
					 .addr = addr + PAGE_BYTES,
					 .target =
						 swapper.store[cookie].frame };
	check_eq(move_one(&swapper, &entry), -EBUSY,
		 "and nothing moves to that frame");
	check_eq(raw_daemon_frame(&swapper.daemon, swapper.store[cookie].frame),
		 USM_FRAME_EVICTING, "it is as it was");

	entry = (struct usm_move_entry){ .member = member,
					 .addr = addr + PAGE_BYTES,
					 .target = target };
	check_eq(move_one(&swapper, &entry), 0, "its neighbour moves");
	cookie = swapper_take(&swapper, member, addr + PAGE_BYTES);
	require(cookie > 0, "and is taken");
	check_eq(swapper.store[cookie].frame, target,
		 "out of the frame that it moved to");
	check_eq(swapper_store(&swapper, (uint32_t)cookie), 0, "and stored");
	look(&child, 1, "moved and evicted");
	watch_end(&child, 2);
	swapper_close(&swapper);
	check(instance_gone(dev, id, LIMIT_MS), "all of it came back");
}

/* All of it, from a process that is no daemon; exit code 0 when it could. */
static int drain_main(struct child *self, void *arg)
{
	uint64_t *word = self->shared->word;
	struct usm_unbind step = { 0 };
	int pidfd = pidfd_open((pid_t)word[DRAIN_PID], 0);

	if (pidfd < 0)
		return 2;
	do {
		if (usm_client_drain(*(int *)arg,
				     (uint32_t)word[DRAIN_INSTANCE], pidfd,
				     &step))
			return 3;
		word[DRAIN_LEFT] += step.evicted;
	} while (step.addr);
	child_stop_at(self, 1);
	return 0;
}

/* How many evicted pages stayed so. */
static uint64_t drain_from_outside(int dev, uint32_t id,
				   const struct child *child)
{
	struct child drainer;
	struct child_shared *shared;
	uint64_t left;

	child_start(&drainer, drain_main, &dev);
	shared = drainer.shared;
	shared->word[DRAIN_PID] = (uint64_t)child->pid;
	shared->word[DRAIN_INSTANCE] = id;
	shared->word[DRAIN_LEFT] = 0;
	child_let(&drainer, 0);
	require(child_reached(&drainer, 1), "it is drained from outside");
	left = shared->word[DRAIN_LEFT];
	child_let(&drainer, 1);
	check_eq(child_end(&drainer, CHILD_LIMIT_MS), 0, "the drainer ends");
	return left;
}

static void drain_here(int dev, uint32_t id, const struct child *child,
		       struct usm_unbind *sum)
{
	struct usm_unbind step = { 0 };

	memset(sum, 0, sizeof(*sum));
	do {
		if (!check_eq(usm_client_drain(dev, id, child->pidfd, &step), 0,
			      "draining"))
			return;
		sum->drained += step.drained;
		sum->evicted += step.evicted;
	} while (step.addr);
}

static void drained_by_daemon(int dev, uint32_t id, struct swapper *swapper,
			      const struct child *child)
{
	struct work_places places;
	struct usm_unbind sum;

	drain_here(dev, id, child, &sum);
	work_places(child, &swapper->daemon, &places);
	check_eq(sum.evicted, STORED,
		 "a daemon cannot ask itself, and is told");
	check_compare(sum.drained, >=, PAGES - STORED,
		      "the others leave, held ones with them");
	check_eq(places.pool, 0, "nothing is in frames");
	check_eq(places.present, PAGES - STORED, "and nothing is made up");
}

/* The daemon goes while pages are out. */
static void drained_lost(int dev, const struct child *child, uint32_t id)
{
	struct usm_unbind sum;

	drain_here(dev, id, child, &sum);
	check_eq(sum.evicted, STORED, "without a daemon they stay out");
	check_compare(sum.drained, >=, PAGES - STORED, "the others leave");
}

void test_drain_evicted(int dev)
{
	struct work_places places;
	struct swapper swapper;
	struct child child;
	uint32_t id, member;

	swapper_open(&swapper, "drain-evicted", FRAMES, DEADLINE_MS);
	id = swapper.daemon.claim.instance;
	member = watch_start(&child, &swapper);
	swapper_evict(&swapper, member, child.shared->word[WORK_ADDR], STORED);
	take(&swapper, &child, member, STORED, HELD);
	drained_by_daemon(dev, id, &swapper, &child);
	check_eq(drain_from_outside(dev, id, &child), 0,
		 "asked by somebody else the policy brings them");
	work_places(&child, &swapper.daemon, &places);
	check_eq(places.present, PAGES, "all of it is there");
	check_eq(places.pool, 0, "in ordinary pages");
	check(wait_until(LIMIT_MS, swapper_cookies(&swapper) == 0),
	      "no cookie is needed any more");
	check(instance_all_free(dev, id, true, LIMIT_MS),
	      "every frame came home");
	look(&child, 1, "drained");
	watch_end(&child, 2);

	member = watch_start(&child, &swapper);
	swapper_evict(&swapper, member, child.shared->word[WORK_ADDR], STORED);
	swapper_close(&swapper);
	drained_lost(dev, &child, id);
	child_kill(&child);
	check(instance_gone(dev, id, LIMIT_MS), "all of it came back");
}

/* The kernel reads a list there when the process ends. */
static int robust_main(struct child *self, void *arg)
{
	struct robust_list_head *head = (void *)pattern_map(PAGE_BYTES);

	(void)arg;
	head->list.next = &head->list;
	self->shared->word[WORK_ADDR] = (uintptr_t)head;
	if (syscall(SYS_set_robust_list, head, sizeof(*head)))
		return 2;
	child_stop_at(self, 1);
	for (;;)
		pause();
	return 0;
}

void test_end_evicted(int dev)
{
	struct swapper swapper;
	struct child child;
	uint32_t id;
	int member;

	swapper_open(&swapper, "end-evicted", FRAMES, DEADLINE_MS);
	id = swapper.daemon.claim.instance;
	child_start(&child, robust_main, NULL);
	member = swapper_bind(&swapper, child.pidfd, USM_INHERIT_ALL);
	require(member > 0, "a member is bound");
	child_let(&child, 0);
	require(child_reached(&child, 1), "it has a list of futexes");
	child_let(&child, 1);
	check_eq(swapper_evict(&swapper, (uint32_t)member,
			       child.shared->word[WORK_ADDR], 1),
		 1, "its page is evicted");
	swapper_close(&swapper);
	check_eq(child_kill(&child), 128 + SIGKILL,
		 "without a daemon it can still be killed");
	check(instance_gone(dev, id, LIMIT_MS), "all of it came back");
}

/* ---- all at once ------------------------------------------------------------ */

static void disturb(struct swapper *swapper, const struct child *child,
		    uint32_t member, unsigned int round)
{
	uint64_t addr = child->shared->word[WORK_ADDR];
	struct usm_move_entry entry = { .member = member };
	uint32_t i, page = round * 37 % (PAGES - BURST);

	swapper_evict(swapper, member, addr + page * PAGE_BYTES, BURST);
	if (swapper_resize(swapper, round % 2 ? FRAMES : HALF - round % 256,
			   NULL))
		check(false, "it is resized in round %u", round);
	/* Where it was evicted, comes back, or is: all answers are fine. */
	turns_take(&swapper->lock);
	for (i = 0; i < BURST && swapper->nr_free > 0; i++) {
		entry.addr = addr + (page + i) * PAGE_BYTES;
		entry.target = swapper->free[swapper->nr_free - 1];
		/* Busy, it may have been used and be on its way home. */
		if (move_one(swapper, &entry) != -ENOENT)
			swapper->nr_free--;
	}
	turns_leave(&swapper->lock);
}

void test_all_at_once(int dev)
{
	unsigned int round, rounds = test_count(40, 4000);
	struct work_places places;
	struct swapper swapper;
	struct child child;
	int member;
	uint32_t id;

	swapper_open(&swapper, "all-at-once", FRAMES, DEADLINE_MS);
	id = swapper.daemon.claim.instance;
	work_start_kind(&child, WORK_SMALL, PAGES);
	member = swapper_bind(&swapper, child.pidfd, USM_INHERIT_ALL);
	require(member > 0, "a worker is bound");
	work_go(&child);
	for (round = 0; round < rounds; round++)
		disturb(&swapper, &child, (uint32_t)member, round);
	check(work_moves_on(&child), "it goes on");
	work_places(&child, &swapper.daemon, &places);
	check_eq(places.pool, places.present, "all of it is in frames");

	swapper_evict(&swapper, (uint32_t)member, child.shared->word[WORK_ADDR],
		      PAGES);
	check_eq(drain_from_outside(dev, id, &child), 0,
		 "evicted pages are drained while it works");
	work_places(&child, &swapper.daemon, &places);
	check_eq(places.present, PAGES, "all of it is there");
	check_eq(places.pool, 0, "in ordinary pages");
	check(work_moves_on(&child), "it goes on as an ordinary process");
	work_end(&child, "all at once");
	swapper_close(&swapper);
	check(instance_gone(dev, id, LIMIT_MS), "all of it came back");
}
