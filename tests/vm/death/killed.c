/* SPDX-License-Identifier: MIT */
/* kill -9 in the middle of hard faulting: of the daemon, of the tenant. */
#include <errno.h>
#include <signal.h>

#include "common/client.h"
#include "death/death.h"
#include "lib/load.h"
#include "lib/check.h"
#include "lib/pagemap.h"
#include "lib/wait.h"

#define PAGES_BEFORE 300
#define PAGES_AFTER 1000
/* A thousand faults that nobody serves any more; generous for a busy host. */
#define MOVE_ON_MS 30000
#define HOME_LIMIT_MS 20000
/* Waiters are to be resolved "within 10 ms"; the rest is the busy host. */
#define RESOLVE_MS 2000

static const struct instance_options options = {
	.name = "mortal",
	.memory = "16M",
	.managed = true,
	/* So long that none who waits for it can be mistaken for resolved. */
	.deadline_ms = 10000,
};

static void start_load(const struct instance *instance, struct child *child)
{
	uint32_t member;

	child_start(child, load_main, NULL);
	require(child_reached(child, 0) &&
			!instance_bind(instance, child, &member),
		"a tenant is bound");
	child_let(child, 0);
	require(load_moves_on(child, PAGES_BEFORE, MOVE_ON_MS),
		"the tenant faults");
}

/* Without its daemon: lost but there, or on its way out. */
static void look_at_lost(int dev, uint32_t id, bool managed)
{
	struct usm_instance_info info;

	if (!managed) {
		check(instance_info(dev, id, &info) == -ENOENT ||
			      info.state == USM_INSTANCE_DYING,
		      "without PERSIST the instance dissolves");
		return;
	}
	require(!instance_info(dev, id, &info), "the instance is still there");
	check_eq(info.state, USM_INSTANCE_LOST, "its state is LOST");
	check_eq(info.daemon_pid, 0, "it has no daemon");
	check_eq(info.nr_members, 1, "it has its member");
	check_compare(info.fallbacks[USM_FALLBACK_NO_DAEMON], >, 0,
		      "the tenant's faults count as fallbacks");
}

/*
 * Frames are mapped in the module's books as they are in the page tables. The
 * tenant stands still meanwhile; a thread that was stopped on its way back to
 * a fault that has been answered may have a frame granted.
 */
static bool books_agree(const struct child *child, pid_t daemon, int dev,
			uint32_t id)
{
	struct usm_instance_info info;
	struct partition partition;
	struct placement place;
	struct pages pages;
	bool agree;

	if (pages_read(child->pid, &pages))
		return false;
	if (instance_info(dev, id, &info) ||
	    partition_read(daemon, &partition)) {
		pages_free(&pages);
		return false;
	}
	pages_place(&pages, &partition, &place);
	agree = place.own == info.frames[USM_FRAME_MAPPED] && !place.foreign &&
		!place.twice && info.frames[USM_FRAME_GRANTED] <= LOAD_THREADS;
	if (!agree)
		test_note(
			"page tables: %zu own, %zu foreign, %zu twice; books: %u mapped, %u granted",
			place.own, place.foreign, place.twice,
			info.frames[USM_FRAME_MAPPED],
			info.frames[USM_FRAME_GRANTED]);
	partition_free(&partition);
	pages_free(&pages);
	return agree;
}

static void look_at_books(const struct child *child, pid_t daemon, int dev,
			  uint32_t id)
{
	kill(child->pid, SIGSTOP);
	check(wait_until(HOME_LIMIT_MS, books_agree(child, daemon, dev, id)),
	      "frame states agree with the tenant's page tables");
	kill(child->pid, SIGCONT);
}

/* A second daemon of the same name takes over and serves. */
static void succeed(int dev, struct child *child, uint32_t id)
{
	struct usm_instance_info before, after;
	struct instance next;

	instance_start(&next, dev, &options);
	check_eq(next.id, id, "the successor has the same instance");
	require(!instance_info(dev, id, &before), "it is listed");
	check_eq(before.state, USM_INSTANCE_ATTACHED, "its state is ATTACHED");
	look_at_books(child, next.pid, dev, id);
	check(load_moves_on(child, PAGES_AFTER, MOVE_ON_MS),
	      "the tenant goes on under the successor");
	look_at_books(child, next.pid, dev, id);
	instance_info(dev, id, &after);
	check_compare(after.upcalls, >, before.upcalls,
		      "the tenant is served again");
	check_eq(after.bad_commands, before.bad_commands,
		 "the successor answers with frames that are free");
	check_eq(load_end(child, CHILD_LIMIT_MS), 0, "the data is right");
	check(instance_all_free(dev, id, false, HOME_LIMIT_MS),
	      "every frame is home, those of the first daemon too");
	check_eq(instance_stop(&next), 0, "the successor ends cleanly");
	check_eq(usm_client_destroy(dev, id), 0, "the instance is destroyed");
}

void test_daemon_killed(int dev, bool managed)
{
	struct instance_options own = options;
	struct instance instance;
	struct child child;

	own.managed = managed;
	instance_start(&instance, dev, &own);
	start_load(&instance, &child);
	instance_kill(&instance);
	check(load_moves_on(&child, 1, RESOLVE_MS),
	      "faults that waited for the killed daemon are resolved");
	check(load_moves_on(&child, PAGES_AFTER, MOVE_ON_MS),
	      "the tenant goes on without a daemon");
	look_at_lost(dev, instance.id, managed);
	if (managed)
		succeed(dev, &child, instance.id);
	else
		check_eq(load_end(&child, CHILD_LIMIT_MS), 0,
			 "the data is right");
	check(instance_gone(dev, instance.id, HOME_LIMIT_MS),
	      "the instance is gone at the end");
}

void test_tenant_killed(int dev)
{
	struct instance_options own = options;
	struct usm_instance_info info;
	struct instance instance;
	struct child child, next;

	own.managed = false;
	instance_start(&instance, dev, &own);
	start_load(&instance, &child);
	check_eq(child_kill(&child), 128 + SIGKILL, "the tenant is killed");
	check(instance_all_free(dev, instance.id, false, HOME_LIMIT_MS),
	      "every frame of the killed tenant is free again");
	instance_info(dev, instance.id, &info);
	check_eq(info.nr_members, 0, "no member is left");

	start_load(&instance, &next);
	check_eq(load_end(&next, CHILD_LIMIT_MS), 0,
		 "the next tenant's data is right");
	check_eq(instance_stop(&instance), 0, "the daemon ends cleanly");
	check(instance_gone(dev, instance.id, HOME_LIMIT_MS),
	      "the partition dissolves");
}
