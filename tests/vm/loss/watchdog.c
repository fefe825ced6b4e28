/* SPDX-License-Identifier: MIT */
/* Daemons that hold their claim and answer nothing: quarantine and its end. */
#include <signal.h>
#include <stdio.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/kernel_log.h"
#include "lib/raw_daemon.h"
#include "lib/wait.h"
#include "loss/loss.h"
#include "loss/walker.h"

#define DEADLINE_MS test_limit(40)
/* Many more than any deadline lets through in the time. */
#define FAST_PAGES 300
#define QUARANTINE_MS 10000

static const struct walker_options walk = { .pages = 100 };

static bool in_state(int dev, uint32_t id, uint32_t state)
{
	struct usm_instance_info info;

	return !instance_info(dev, id, &info) && info.state == state;
}

/* The tenant gets the instance quarantined, and then is not held up. */
static void check_quarantine(int dev, uint32_t id, struct child *child,
			     const char *what)
{
	struct usm_instance_info before, after;
	uint64_t start;

	check(wait_until(QUARANTINE_MS,
			 in_state(dev, id, USM_INSTANCE_QUARANTINED)),
	      "%s: the instance is quarantined", what);
	instance_info(dev, id, &before);
	check_eq(before.quarantines, 1, "%s: once", what);
	check_compare(before.late, >=, 5, "%s: after several deadlines", what);
	start = now_ms();
	check(walker_moves_on(child, FAST_PAGES, QUARANTINE_MS),
	      "%s: its tenant goes on", what);
	instance_info(dev, id, &after);
	check_compare(after.fallbacks[USM_FALLBACK_QUARANTINED], >=,
		      FAST_PAGES / 2, "%s: served by the kernel", what);
	check_compare(now_ms() - start, <, FAST_PAGES * DEADLINE_MS / 2,
		      "%s: without waiting for each deadline", what);
	check(in_state(dev, id, USM_INSTANCE_QUARANTINED),
	      "%s: it stays quarantined", what);
}

static void check_log(int logs[3], uint32_t id, const char *what)
{
	char text[96];

	snprintf(text, sizeof(text), "instance %u ", id);
	check(kernel_log_has(logs[0], "quarantined: its daemon"),
	      "%s: the kernel's log says so", what);
	check(kernel_log_has(logs[1], "worker 0: tid"),
	      "%s: and what the worker was doing", what);
	check(kernel_log_has(logs[2], "its daemon answers again"),
	      "%s: and that it is over", what);
}

static void open_logs(int logs[3])
{
	int i;

	for (i = 0; i < 3; i++)
		logs[i] = kernel_log_open();
}

void test_stopped(int dev)
{
	const struct instance_options options = {
		.name = "stopped",
		.memory = "8M",
		.deadline_ms = DEADLINE_MS,
	};
	struct usm_instance_info before, after;
	struct instance instance;
	struct child child;
	int logs[3];

	open_logs(logs);
	walker_start(&child, &walk);
	instance_start(&instance, dev, &options);
	require(!instance_bind(&instance, &child, NULL),
		"stopped: a tenant is bound");
	child_let(&child, WALKER_BOUND);
	check(walker_moves_on(&child, 10, SOON_MS), "stopped: it is served");
	kill(instance.pid, SIGSTOP);
	check_quarantine(dev, instance.id, &child, "stopped");

	kill(instance.pid, SIGCONT);
	check(wait_until(QUARANTINE_MS,
			 in_state(dev, instance.id, USM_INSTANCE_ATTACHED)),
	      "stopped: an answer ends the quarantine");
	instance_info(dev, instance.id, &before);
	check(walker_moves_on(&child, 100, QUARANTINE_MS),
	      "stopped: its tenant goes on");
	instance_info(dev, instance.id, &after);
	check_compare(after.upcalls, >, before.upcalls,
		      "stopped: and is served by the daemon again");
	check_log(logs, instance.id, "stopped");
	check_eq(walker_end(&child), 0, "stopped: the data is right");
	check(instance_all_free(dev, instance.id, false, HOME_LIMIT_MS),
	      "stopped: every frame is free again");
	check_eq(instance_stop(&instance), 0, "stopped: the daemon ends");
}

/* Takes requests and busies itself; says that it is awake all the time. */
static void *loop(void *arg)
{
	struct raw_daemon *daemon = arg;

	daemon->error = raw_daemon_register(daemon);
	__atomic_store_n(&daemon->serving, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&daemon->stop, __ATOMIC_RELAXED))
		raw_daemon_next(daemon);
	return NULL;
}

void test_looping(int dev)
{
	struct usm_instance_info info;
	struct raw_daemon daemon;
	struct instance instance;
	struct child child;
	int logs[3];

	open_logs(logs);
	walker_start(&child, &walk);
	raw_daemon_open(&daemon, "looping", 1024, 0, DEADLINE_MS);
	instance = (struct instance){ .id = daemon.claim.instance, .dev = dev };
	require(!pthread_create(&daemon.thread, NULL, loop, &daemon) &&
			wait_until(SOON_MS,
				   __atomic_load_n(&daemon.serving,
						   __ATOMIC_ACQUIRE)) &&
			!daemon.error,
		"looping: a worker");
	require(!instance_bind(&instance, &child, NULL),
		"looping: a tenant is bound");
	child_let(&child, WALKER_BOUND);
	check_quarantine(dev, instance.id, &child, "looping");

	/* Another thread takes over the worker's place, and answers. */
	__atomic_store_n(&daemon.stop, true, __ATOMIC_RELAXED);
	pthread_join(daemon.thread, NULL);
	daemon.stop = false;
	raw_daemon_serve(&daemon, false);
	check(wait_until(QUARANTINE_MS,
			 in_state(dev, instance.id, USM_INSTANCE_ATTACHED)),
	      "looping: an answer ends the quarantine");
	check(wait_until(QUARANTINE_MS,
			 !instance_info(dev, instance.id, &info) &&
				 info.upcalls > 0),
	      "looping: its tenant is served");
	check_log(logs, instance.id, "looping");
	check_eq(walker_end(&child), 0, "looping: the data is right");
	raw_daemon_close(&daemon);
	check(instance_gone(dev, instance.id, HOME_LIMIT_MS),
	      "looping: the instance is gone");
}

/* Attached in mode queue, but nobody ever registers as a worker. */
void test_never_starts(int dev)
{
	struct usm_claim claim = {
		.name = "never",
		.frames = 1024,
		.deadline_ms = DEADLINE_MS,
		.on_loss = USM_ON_LOSS_QUEUE,
	};
	struct raw_daemon daemon;
	struct instance instance;
	struct child child;

	walker_start(&child, &walk);
	raw_daemon_claim(&daemon, &claim);
	instance = (struct instance){ .id = daemon.claim.instance, .dev = dev };
	require(!instance_bind(&instance, &child, NULL),
		"never: a tenant is bound");
	child_let(&child, WALKER_BOUND);
	check(walker_stands(&child, 2000), "never: it waits for a worker");
	check(wait_until(2 * QUARANTINE_MS,
			 in_state(dev, instance.id, USM_INSTANCE_QUARANTINED)),
	      "never: the instance is quarantined in the end");
	check(walker_moves_on(&child, FAST_PAGES, QUARANTINE_MS),
	      "never: its tenant goes on");
	raw_daemon_serve(&daemon, false);
	check(in_state(dev, instance.id, USM_INSTANCE_ATTACHED),
	      "never: a worker at last ends the quarantine");
	check_eq(walker_end(&child), 0, "never: the data is right");
	raw_daemon_close(&daemon);
	check(instance_gone(dev, instance.id, HOME_LIMIT_MS),
	      "never: the instance is gone");
}
