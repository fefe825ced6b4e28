/* SPDX-License-Identifier: MIT */
/*
 * Policies that crash, loop or lie take down nothing but their own instance,
 * which comes back: its tenant goes on meanwhile, its data is right, the
 * neighbour notices nothing, and no frame is lost.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/file.h"
#include "lib/instance.h"
#include "lib/load.h"
#include "lib/wait.h"

#define LIMIT_S 200
#define MEMORY "16M"
/* Half of what the load needs, so that it evicts. */
#define SMALL_MEMORY "2M"
#define SWAP "32M"
#define DEADLINE_MS 1000
#define PAGES_BEFORE 100
#define PAGES_AFTER 1000
#define MOVE_ON_MS 60000
#define HOME_LIMIT_MS 20000

/* Nobody but root can write there, as the daemon wants it. */
#define POLICY_DIR "/run/bad-policies"

struct bad {
	/* One of them; the others are good ones. */
	const char *alloc;
	const char *evict;
	const char *prefetch;
	const char *oom;
	enum {
		CRASHES,
		LOOPS,
		LIES
	} how;
};

static const struct bad bads[] = {
	{ .alloc = "alloc-crashes", .how = CRASHES },
	{ .alloc = "alloc-loops", .how = LOOPS },
	{ .alloc = "alloc-lies", .how = LIES },
	{ .evict = "evict-crashes", .how = CRASHES },
	{ .evict = "evict-lies", .how = LIES },
	{ .prefetch = "prefetch-crashes", .how = CRASHES },
	{ .prefetch = "prefetch-lies", .how = LIES },
	{ .oom = "oom-crashes", .how = CRASHES },
	{ .oom = "oom-lies", .how = LIES },
};

static const char *name_of(const struct bad *bad)
{
	return bad->alloc      ? bad->alloc
	       : bad->evict    ? bad->evict
	       : bad->prefetch ? bad->prefetch
			       : bad->oom;
}

/* Only then it is asked. */
static bool evicts(const struct bad *bad)
{
	return bad->evict || bad->prefetch;
}

static struct instance_options options_of(const struct bad *bad, bool good)
{
	return (struct instance_options){
		.name = name_of(bad),
		.memory = bad->alloc ? MEMORY : SMALL_MEMORY,
		.alloc = good ? NULL : bad->alloc,
		.evict = good ? NULL : bad->evict,
		.prefetch = good ? NULL : bad->prefetch,
		.oom = good ? NULL : bad->oom,
		.swap = evicts(bad) ? SWAP : NULL,
		.deadline_ms = DEADLINE_MS,
		.policy_dir = POLICY_DIR,
		.managed = true,
	};
}

static void copy_policy(const char *program, const char *name)
{
	char from[512], to[128];
	const char *slash = strrchr(program, '/');

	snprintf(from, sizeof(from), "%.*s/bad-policies/%s.so",
		 (int)(slash - program), program, name);
	snprintf(to, sizeof(to), POLICY_DIR "/%s.so", name);
	if (file_copy(from, to))
		require(false, "%s can be copied", from);
}

static void start_load(const struct instance *instance, struct child *child)
{
	child_start(child, load_main, NULL);
	require(child_reached(child, 0) &&
			!instance_bind(instance, child, NULL),
		"a tenant is bound");
	child_let(child, 0);
}

/* Until the policy has gone wrong and its daemon is out of the way. */
static void see_it_go_wrong(struct instance *instance, const struct bad *bad)
{
	struct usm_instance_info info;

	switch (bad->how) {
	case CRASHES:
		check_eq(process_end(instance->pid, MOVE_ON_MS), 128 + SIGSEGV,
			 "%s: its daemon dies", name_of(bad));
		break;
	case LOOPS:
		check(wait_until(MOVE_ON_MS,
				 !instance_info(instance->dev, instance->id,
						&info) &&
					 info.state ==
						 USM_INSTANCE_QUARANTINED),
		      "%s: the instance is quarantined", name_of(bad));
		instance_kill(instance);
		break;
	case LIES:
		check_eq(instance_stop(instance), 0,
			 "%s: its daemon lives, and ends when it is told to",
			 name_of(bad));
		break;
	}
}

static void run_bad(int dev, const struct bad *bad)
{
	struct instance_options options = options_of(bad, false);
	struct usm_instance_info before, after;
	struct instance first, next;
	struct child child;

	instance_start(&first, dev, &options);
	start_load(&first, &child);
	check(load_moves_on(&child, PAGES_BEFORE, MOVE_ON_MS),
	      "%s: the tenant faults", name_of(bad));
	if (bad->how == LIES)
		check(load_moves_on(&child, PAGES_AFTER, MOVE_ON_MS),
		      "%s: the tenant goes on with wrong answers",
		      name_of(bad));
	see_it_go_wrong(&first, bad);
	/* What is out can only come back with the next daemon. */
	if (!evicts(bad))
		check(load_moves_on(&child, PAGES_AFTER, MOVE_ON_MS),
		      "%s: the tenant goes on without it", name_of(bad));

	options = options_of(bad, true);
	instance_start(&next, dev, &options);
	check_eq(next.id, first.id, "%s: the instance comes back",
		 name_of(bad));
	require(!instance_info(dev, next.id, &before), "it is listed");
	check(load_moves_on(&child, PAGES_AFTER, MOVE_ON_MS),
	      "%s: the tenant goes on with a good one", name_of(bad));
	require(!instance_info(dev, next.id, &after), "it is listed");
	check_compare(after.upcalls, >, before.upcalls,
		      "%s: which is asked again", name_of(bad));
	check_eq(after.bad_commands, before.bad_commands,
		 "%s: and answers with frames that are free", name_of(bad));
	check_eq(load_end(&child, CHILD_LIMIT_MS), 0,
		 "%s: the tenant's data was right all the time", name_of(bad));
	check(instance_all_free(dev, next.id, false, HOME_LIMIT_MS),
	      "%s: every frame is free at the end", name_of(bad));
	check_eq(instance_stop(&next), 0, "%s: the good one ends",
		 name_of(bad));
	check_eq(usm_client_destroy(dev, next.id), 0,
		 "%s: the instance is destroyed", name_of(bad));
	check(instance_gone(dev, next.id, HOME_LIMIT_MS), "%s: it is gone",
	      name_of(bad));
}

static void check_neighbour(int dev, const struct instance *neighbour,
			    const struct child *child)
{
	struct usm_instance_info info;

	check(load_moves_on(child, PAGES_AFTER, MOVE_ON_MS),
	      "the neighbour's tenant goes on");
	require(!instance_info(dev, neighbour->id, &info),
		"the neighbour is listed");
	check_eq(info.state, USM_INSTANCE_ATTACHED,
		 "the neighbour has its daemon");
	check_eq(info.fallbacks[USM_FALLBACK_NO_DAEMON] +
			 info.fallbacks[USM_FALLBACK_QUARANTINED],
		 0, "the neighbour never lost it");
	check_eq(info.bad_commands, 0, "the neighbour's answers were right");
}

int main(int argc, char **argv)
{
	const struct instance_options options = {
		.name = "neighbour",
		.memory = MEMORY,
		.deadline_ms = DEADLINE_MS,
	};
	struct instance neighbour;
	struct child child;
	size_t i;
	int dev;

	(void)argc;
	test_begin(LIMIT_S);
	dev = device_open();
	if (mkdir(POLICY_DIR, 0755))
		require(false, POLICY_DIR " can be made");
	instance_start(&neighbour, dev, &options);
	start_load(&neighbour, &child);
	for (i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		copy_policy(argv[0], name_of(&bads[i]));
		run_bad(dev, &bads[i]);
		check_neighbour(dev, &neighbour, &child);
	}
	check_eq(load_end(&child, CHILD_LIMIT_MS), 0,
		 "the neighbour's data is right");
	check_eq(instance_stop(&neighbour), 0, "the neighbour ends");
	return test_end();
}
