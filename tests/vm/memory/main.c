/* SPDX-License-Identifier: MIT */
/*
 * Memory of members reads back right whatever the kernel does with it, and
 * every frame comes home, in the module's count and in the policy's: the last
 * scenario gets the whole partition out of it once more.
 */
#include <string.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/wait.h"
#include "memory/scenario.h"

#define LIMIT_S 280
#define HOME_LIMIT_MS 20000
#define SMALL_PAGES (8 * MIB / PAGE_BYTES)
/* What stacks and libraries of the member take while it uses "the whole". */
#define SPARE_PAGES 256

struct plan {
	const char *policy;
	unsigned int workers;
	const char *partition;
	size_t pages; /* of large buffers */
	size_t whole; /* 0: too long for a test */
};

/* A fork with copies on both sides takes twice the buffer. */
static const struct plan quick[] = {
	{ "first-fit", 1, "144M", 64 * MIB / PAGE_BYTES, 0 },
	{ "extent", 2, "48M", 16 * MIB / PAGE_BYTES,
	  48 * MIB / PAGE_BYTES - SPARE_PAGES },
};
/* For kernels that check each access. */
static const struct plan checking[] = {
	{ "first-fit", 1, "36M", 16 * MIB / PAGE_BYTES, 0 },
	{ "extent", 2, "20M", 8 * MIB / PAGE_BYTES,
	  20 * MIB / PAGE_BYTES - SPARE_PAGES },
};
static const struct plan full[] = {
	{ "first-fit", 1, "144M", 64 * MIB / PAGE_BYTES,
	  144 * MIB / PAGE_BYTES - SPARE_PAGES },
	{ "extent", 2, "144M", 64 * MIB / PAGE_BYTES,
	  144 * MIB / PAGE_BYTES - SPARE_PAGES },
};

static const struct scenario *const scenarios[] = {
	&scenario_touch,  &scenario_threads, &scenario_running, &scenario_fork,
	&scenario_orphan, &scenario_remote,  &scenario_remap,
};

static void report(const struct scene *scene, const char *name, uint64_t start,
		   const struct usm_instance_info *before)
{
	struct usm_instance_info after;

	if (instance_info(scene->instance->dev, scene->instance->id, &after))
		require(false, "%s, %s: the instance is there", scene->policy,
			name);
	check_compare(after.upcalls, >, before->upcalls,
		      "%s, %s: the policy was asked", scene->policy, name);
	check_eq(after.fallbacks[USM_FALLBACK_REFUSED],
		 before->fallbacks[USM_FALLBACK_REFUSED],
		 "%s, %s: the policy had a frame for every fault",
		 scene->policy, name);
	check_eq(after.bad_commands, before->bad_commands,
		 "%s, %s: no bad command", scene->policy, name);
	check_eq(after.nr_members, 0, "%s, %s: no member is left",
		 scene->policy, name);
	test_note("%s, %s: %llu ms, %llu faults, %llu fallbacks", scene->policy,
		  name, (unsigned long long)(now_ms() - start),
		  (unsigned long long)(after.faults - before->faults),
		  (unsigned long long)(instance_fallbacks(&after) -
				       instance_fallbacks(before)));
}

static void run(const struct scene *scene, const struct scenario *scenario)
{
	const struct instance *instance = scene->instance;
	struct scene own = *scene;
	struct usm_instance_info before;
	uint64_t start = now_ms();
	struct child child;
	uint32_t member;

	if (scenario->small && own.pages > SMALL_PAGES)
		own.pages = SMALL_PAGES;
	instance_info(instance->dev, instance->id, &before);
	child_start(&child, scenario->member, &own);
	/* "running" binds in the middle of its work. */
	if (scenario != &scenario_running) {
		require(child_reached(&child, 0) &&
				!instance_bind(instance, &child, &member),
			"%s, %s: binds", own.policy, scenario->name);
		child_let(&child, 0);
	}
	if (scenario->test)
		scenario->test(&own, &child);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0,
		 "%s, %s: every page reads back right", own.policy,
		 scenario->name);
	check(instance_all_free(instance->dev, instance->id, false,
				HOME_LIMIT_MS),
	      "%s, %s: all frames are free again", own.policy, scenario->name);
	report(&own, scenario->name, start, &before);
}

static void try_policy(int dev, const struct plan *plan)
{
	const struct instance_options options = {
		.name = "memory",
		.memory = plan->partition,
		.alloc = plan->policy,
		.workers = plan->workers,
	};
	struct instance instance;
	struct scene scene = { &instance, plan->policy, plan->pages };
	struct usm_info info;
	unsigned int round, i;

	instance_start(&instance, dev, &options);
	for (round = 0; round < test_count(1, 20); round++) {
		scene.pages = plan->pages;
		for (i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
			run(&scene, scenarios[i]);
		scene.pages = plan->whole;
		if (plan->whole)
			run(&scene, &scenario_whole);
	}

	check_eq(instance_stop(&instance), 0, "%s: the daemon ends cleanly",
		 plan->policy);
	check(instance_gone(dev, instance.id, HOME_LIMIT_MS),
	      "%s: the partition dissolves", plan->policy);
	check(!usm_client_info(dev, &info) &&
		      info.free_frames == info.pool_frames,
	      "%s: the pool is whole again", plan->policy);
}

int main(int argc, char **argv)
{
	const struct plan *plans = test_soak() ? full : quick;
	int dev, i;

	if (test_checking())
		plans = checking;
	test_begin(LIMIT_S);
	dev = device_open();
	for (i = 0; i < 2; i++)
		if (argc < 2 || !strcmp(argv[1], plans[i].policy))
			try_policy(dev, &plans[i]);
	return test_end();
}
