/* SPDX-License-Identifier: MIT */
/*
 * The three modes.  The test is the daemon itself, so that it can go away with
 * a fault in its hands; tenants are forked before, or they would keep its
 * descriptor open.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/file.h"
#include "lib/instance.h"
#include "lib/pagemap.h"
#include "lib/pattern.h"
#include "lib/raw_daemon.h"
#include "lib/wait.h"
#include "loss/loss.h"
#include "loss/walker.h"

#define FRAMES 1024
#define SERVED 20
/* Of losing a daemon, to see how long waiters are left. */
#define ROUNDS 5
/* "Within 10 ms"; the best round shows the mechanism, the others the machine. */
#define RESOLVED_US 10000
/* Under the kernel's checkers an upcall takes a hundred times as long. */
#define RESOLVED_CHECKING_US (100 * RESOLVED_US)

static const struct walker_options walk = { .pages = 200 };

static void claim(struct raw_daemon *daemon, const char *name, uint32_t mode,
		  uint32_t flags)
{
	struct usm_claim claim = {
		.frames = FRAMES,
		.flags = flags,
		.deadline_ms = LONG_DEADLINE_MS,
		.on_loss = mode,
	};

	snprintf(claim.name, sizeof(claim.name), "%s", name);
	raw_daemon_claim(daemon, &claim);
}

static void bind_child(const struct raw_daemon *daemon, int dev,
		       struct child *child)
{
	const struct instance instance = { .id = daemon->claim.instance,
					   .dev = dev };

	require(!instance_bind(&instance, child, NULL), "a tenant is bound");
	child_let(child, WALKER_BOUND);
}

/* Lets go of the claim with one fault of each tenant unanswered. */
static void vanish(struct raw_daemon *daemon, const char *what)
{
	require(raw_daemon_wait(daemon, SOON_MS) >= 0, "%s: a fault is pending",
		what);
	raw_daemon_close(daemon);
}

/*
 * A tenant whose fault nobody answers: its daemon, the only one, went away with
 * it.  Returns the instance.
 */
static uint32_t strand(int dev, struct child *child, const char *name,
		       uint32_t mode, uint32_t flags)
{
	struct raw_daemon daemon;
	uint32_t id;

	walker_start(child, &walk);
	claim(&daemon, name, mode, flags);
	id = daemon.claim.instance;
	bind_child(&daemon, dev, child);
	require(!raw_daemon_register(&daemon), "%s: a worker", name);
	vanish(&daemon, name);
	return id;
}

static void destroy(int dev, uint32_t id, const char *what)
{
	check(wait_until(SOON_MS, !usm_client_destroy(dev, id)),
	      "%s: the instance is destroyed", what);
}

static void check_state(int dev, uint32_t id, uint32_t state, const char *what)
{
	struct usm_instance_info info = { 0 };

	instance_info(dev, id, &info);
	check_eq(info.state, state, "%s: the instance's state", what);
}

/* One daemon's loss in mode fallback: how long its waiter was left, in us. */
static uint64_t lose_one(int dev, struct child *child, unsigned int round)
{
	struct raw_daemon daemon;
	uint64_t lost;

	claim(&daemon, "fallback", USM_ON_LOSS_FALLBACK, USM_CLAIM_PERSIST);
	if (round == 0)
		bind_child(&daemon, dev, child);
	require(!raw_daemon_register(&daemon), "fallback: a worker");
	require(raw_daemon_wait(&daemon, SOON_MS) >= 0,
		"fallback: a fault is pending");
	check(walker_stands(child, NEVER_MS),
	      "fallback: it waits while the daemon is there");
	lost = now_us();
	raw_daemon_close(&daemon);
	check(walker_moves_on(child, 1, SOON_MS),
	      "fallback: who waits is served at once");
	return walker_word(child, WALKER_STAMP_US) - lost;
}

void test_fallback(int dev)
{
	const struct walker_options slow = { .pages = 100, .pause_ms = 200 };
	uint64_t best = UINT64_MAX, took, worst = 0;
	struct usm_instance_info info;
	struct child child;
	unsigned int i;
	uint32_t id = 1;

	walker_start(&child, &slow);
	for (i = 0; i < ROUNDS; i++) {
		took = lose_one(dev, &child, i);
		best = took < best ? took : best;
		worst = took > worst ? took : worst;
	}
	test_note("fallback: served %llu to %llu us after the loss",
		  (unsigned long long)best, (unsigned long long)worst);
	check_compare(best, <=,
		      test_checking() ? RESOLVED_CHECKING_US : RESOLVED_US,
		      "fallback: within 10 ms, or 1 s under checkers");
	while (instance_info(dev, id, &info))
		id++;
	check_state(dev, id, USM_INSTANCE_LOST, "fallback");
	check_compare(info.fallbacks[USM_FALLBACK_NO_DAEMON], >=, ROUNDS,
		      "fallback: they count as without a daemon");
	check(walker_moves_on(&child, 3, SOON_MS),
	      "fallback: new faults are served too");
	check_eq(walker_end(&child), 0, "fallback: the data is right");
	destroy(dev, id, "fallback");
}

/* Asleep in a way that a signal or a kill ends, and with no lock in hand. */
static void check_asleep(const struct child *child, const char *what)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)child->pid);
	text[0] = '\0';
	file_read(path, text, sizeof(text));
	check(strstr(text, "State:\tS") != NULL, "%s: it sleeps", what);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)child->pid);
	check(file_read(path, text, sizeof(text)) > 0,
	      "%s: its memory can be looked at meanwhile", what);
}

void test_queue(int dev)
{
	struct usm_instance_info info;
	struct raw_daemon daemon;
	struct child first, second;
	struct partition own;
	struct placement place;
	struct pages pages;
	uint64_t base, done;
	uint32_t id;

	walker_start(&first, &walk);
	walker_start(&second, &walk);
	claim(&daemon, "queue", USM_ON_LOSS_QUEUE, USM_CLAIM_PERSIST);
	id = daemon.claim.instance;
	instance_info(dev, id, &info);
	check_eq(info.on_loss, USM_ON_LOSS_QUEUE, "queue: the mode is shown");
	bind_child(&daemon, dev, &first);
	require(!raw_daemon_register(&daemon), "queue: a worker");
	vanish(&daemon, "queue");
	check(walker_stands(&first, NEVER_MS),
	      "queue: who waits goes on waiting");
	check_state(dev, id, USM_INSTANCE_LOST, "queue");
	check_asleep(&first, "queue");

	/* Its first fault comes when nobody is there. */
	require(!instance_bind(&(struct instance){ .id = id, .dev = dev },
			       &second, NULL),
		"queue: a tenant is bound without a daemon");
	child_let(&second, WALKER_BOUND);
	check(walker_stands(&second, NEVER_MS), "queue: a new fault waits too");
	kill(first.pid, SIGUSR1);
	check(wait_until(SOON_MS, walker_word(&first, WALKER_SIGNALS) == 1),
	      "queue: a signal is handled meanwhile");

	claim(&daemon, "queue", USM_ON_LOSS_QUEUE, USM_CLAIM_PERSIST);
	check_eq(daemon.claim.reattached, 1, "queue: the next daemon");
	check(walker_stands(&first, NEVER_MS),
	      "queue: a daemon without a worker is waited for");
	raw_daemon_serve(&daemon, false);
	check(walker_moves_on(&first, SERVED, SOON_MS) &&
		      walker_moves_on(&second, SERVED, SOON_MS),
	      "queue: both go on under the next daemon");

	kill(first.pid, SIGSTOP);
	done = walker_word(&first, WALKER_PAGES);
	base = walker_word(&first, WALKER_BASE);
	if (done > walk.pages)
		done = walk.pages;
	require(!pages_read_range(first.pid, base, base + done * PAGE_BYTES,
				  &pages) &&
			!partition_read_fd(daemon.dev, &own),
		"queue: its pages can be read");
	pages_place(&pages, &own, &place);
	check_eq(place.outside + place.foreign, 0,
		 "queue: every page is of the partition, the waiting one too");
	pages_free(&pages);
	partition_free(&own);
	kill(first.pid, SIGCONT);

	instance_info(dev, id, &info);
	check_eq(instance_fallbacks(&info), 0, "queue: no fault was lost");
	check_eq(walker_end(&first), 0, "queue: the data is right");
	check_eq(walker_end(&second), 0, "queue: of the other too");
	raw_daemon_close(&daemon);
	destroy(dev, id, "queue");
}

void test_fail(int dev)
{
	struct usm_instance_info info;
	struct raw_daemon daemon;
	struct child child;
	uint64_t buses;
	uint32_t id;

	id = strand(dev, &child, "fail", USM_ON_LOSS_FAIL, USM_CLAIM_PERSIST);
	check(wait_until(SOON_MS, walker_word(&child, WALKER_BUSES) >= 1),
	      "fail: who waits gets SIGBUS");
	buses = walker_word(&child, WALKER_BUSES);
	check(wait_until(SOON_MS,
			 walker_word(&child, WALKER_BUSES) >= buses + 2),
	      "fail: and so does every new fault");
	check_eq(walker_word(&child, WALKER_PAGES), 0, "fail: none is served");

	claim(&daemon, "fail", USM_ON_LOSS_FAIL, USM_CLAIM_PERSIST);
	raw_daemon_serve(&daemon, false);
	check(walker_moves_on(&child, SERVED, SOON_MS),
	      "fail: the next daemon serves");
	instance_info(dev, id, &info);
	check_eq(instance_fallbacks(&info), 0, "fail: the kernel served none");
	check_eq(walker_end(&child), 0, "fail: the data is right");
	raw_daemon_close(&daemon);
	destroy(dev, id, "fail");
}

void test_queue_unbound(int dev)
{
	struct child child;
	uint32_t id = strand(dev, &child, "unbound", USM_ON_LOSS_QUEUE,
			     USM_CLAIM_PERSIST);

	check(walker_stands(&child, NEVER_MS), "unbound: it waits");
	check_eq(usm_client_destroy(dev, id), -EBUSY,
		 "unbound: an instance with a member stays");
	check_eq(usm_client_unbind(dev, id, child.pidfd), 0,
		 "unbound: it can be taken out");
	check(walker_moves_on(&child, SERVED, SOON_MS),
	      "unbound: and goes on with ordinary memory");
	check_eq(walker_end(&child), 0, "unbound: the data is right");
	destroy(dev, id, "unbound");
}

void test_queue_ends(int dev)
{
	struct child child;
	uint32_t id = strand(dev, &child, "ends", USM_ON_LOSS_QUEUE, 0);

	check(walker_moves_on(&child, SERVED, SOON_MS),
	      "ends: nobody waits for an instance that ends with its daemon");
	check_eq(walker_end(&child), 0, "ends: the data is right");
	check(instance_gone(dev, id, HOME_LIMIT_MS),
	      "ends: the instance is gone");
}

void test_queue_killed(int dev)
{
	struct child child;
	uint32_t id = strand(dev, &child, "killed", USM_ON_LOSS_QUEUE,
			     USM_CLAIM_PERSIST);

	check(walker_stands(&child, NEVER_MS), "killed: it waits");
	check_eq(child_kill(&child), 128 + SIGKILL,
		 "killed: who waits can be killed");
	destroy(dev, id, "killed");
}
