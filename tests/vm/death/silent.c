/* SPDX-License-Identifier: MIT */
/* Daemons that are there and give no frame: the kernel serves, data is right. */
#include <signal.h>

#include "common/client.h"
#include "death/death.h"
#include "lib/check.h"
#include "lib/file.h"
#include "lib/pattern.h"
#include "lib/raw_daemon.h"
#include "lib/wait.h"

#define DEADLINE_MS 50
/* A busy host delays timers and the faulting task alike. */
#define SLACK_MS 400
#define FAULTS 20
#define HOME_LIMIT_MS 20000

#define WORD_WORST_MS 0
#define WORD_PAGES 1

/* Faults one page after another and remembers the longest time it took. */
static int fault_slowly(struct child *self, void *arg)
{
	size_t pages = *(const size_t *)arg, i;
	void *buffer = pattern_map(pages * PAGE_BYTES);
	uint64_t start, worst = 0;

	for (i = 0; i < pages; i++) {
		start = now_ms();
		pattern_fill_page(buffer, i, 20);
		if (now_ms() - start > worst)
			worst = now_ms() - start;
	}
	self->shared->word[WORD_WORST_MS] = worst;
	return pattern_bad(buffer, 0, pages, 1, 20) != 0;
}

/* Binds a child, lets it fault: its worst fault in ms. */
static uint64_t worst_fault(int dev, uint32_t id, size_t pages,
			    const char *what)
{
	const struct instance instance = { .id = id, .dev = dev };
	struct child child;
	uint32_t member;
	uint64_t worst;
	bool done;

	child_start(&child, fault_slowly, &pages);
	require(child_reached(&child, 0) &&
			!instance_bind(&instance, &child, &member),
		"%s: a tenant is bound", what);
	child_let(&child, 0);
	done = wait_until(CHILD_LIMIT_MS,
			  status_number(child.pid, "VmSize:") < 0);
	worst = child.shared->word[WORD_WORST_MS];
	check(done, "%s: the tenant ends", what);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0, "%s: the data is right",
		 what);
	return worst;
}

/* One more fault, that may be the one that tries the daemon. */
static bool trusted_again(int dev, uint32_t id)
{
	struct usm_instance_info info;

	worst_fault(dev, id, 1, "one more fault");
	return !instance_info(dev, id, &info) &&
	       info.state == USM_INSTANCE_ATTACHED;
}

void test_daemon_stopped(int dev)
{
	const struct instance_options options = {
		.name = "stopped",
		.memory = "8M",
		.deadline_ms = DEADLINE_MS,
	};
	struct usm_instance_info info;
	struct instance instance;
	uint64_t unserved;

	instance_start(&instance, dev, &options);
	kill(instance.pid, SIGSTOP);
	check_compare(worst_fault(dev, instance.id, FAULTS, "stopped daemon"),
		      <=, DEADLINE_MS + SLACK_MS,
		      "each fault is served within the deadline");
	instance_info(dev, instance.id, &info);
	unserved = info.fallbacks[USM_FALLBACK_LATE] +
		   info.fallbacks[USM_FALLBACK_QUARANTINED];
	check_compare(
		unserved, >=, FAULTS,
		"every fault counts as late, or as of a daemon that always is");
	check_compare(info.daemon_pid, ==, instance.pid,
		      "the daemon is attached");

	kill(instance.pid, SIGCONT);
	check(wait_until(HOME_LIMIT_MS, trusted_again(dev, instance.id)),
	      "the daemon is trusted again");
	worst_fault(dev, instance.id, FAULTS, "daemon that goes on");
	instance_info(dev, instance.id, &info);
	check_compare(info.upcalls, >=, FAULTS / 2, "it serves again");
	check_eq(info.bad_commands, 0,
		 "its answers to faults that are over are stale, not bad");
	check(instance_all_free(dev, instance.id, false, HOME_LIMIT_MS),
	      "no frame is lost by late answers");
	check_eq(instance_stop(&instance), 0, "the daemon ends cleanly");
}

void test_daemon_refuses(int dev)
{
	struct usm_instance_info info;
	struct raw_daemon daemon;

	raw_daemon_open(&daemon, "refuses", 1024, 0, 5000);
	raw_daemon_serve(&daemon, true);
	worst_fault(dev, daemon.claim.instance, FAULTS, "refusing daemon");
	instance_info(dev, daemon.claim.instance, &info);
	check_compare(info.fallbacks[USM_FALLBACK_REFUSED], >=, FAULTS,
		      "refusals are counted");
	check_eq(info.frames[USM_FRAME_FREE], info.owned, "no frame was taken");
	raw_daemon_close(&daemon);
}

void test_no_worker(int dev)
{
	struct usm_instance_info info;
	struct raw_daemon daemon;

	raw_daemon_open(&daemon, "nobody", 1024, 0, 5000);
	check_compare(
		worst_fault(dev, daemon.claim.instance, FAULTS, "no worker"),
		<=, SLACK_MS, "no fault waits for a missing worker");
	instance_info(dev, daemon.claim.instance, &info);
	check_compare(info.fallbacks[USM_FALLBACK_NO_DAEMON], >=, FAULTS,
		      "they are counted");
	raw_daemon_close(&daemon);
}

/* Half of what it wants is there. */
void test_partition_full(int dev)
{
	const struct instance_options options = {
		.name = "small",
		.memory = "4M",
	};
	size_t frames = 4 * MIB / PAGE_BYTES;
	struct usm_instance_info info;
	struct instance instance;

	instance_start(&instance, dev, &options);
	worst_fault(dev, instance.id, 2 * frames, "full partition");
	instance_info(dev, instance.id, &info);
	check_compare(info.upcalls * 10, >=, frames * 9,
		      "the partition is used");
	check_compare(info.upcalls + instance_fallbacks(&info), >=, 2 * frames,
		      "the rest are fallbacks");
	check_compare(info.fallbacks[USM_FALLBACK_REFUSED], >, 0,
		      "the policy refused");
	check(instance_all_free(dev, instance.id, false, HOME_LIMIT_MS),
	      "every frame is free again");
	check_eq(instance_stop(&instance), 0, "the daemon ends cleanly");
}
