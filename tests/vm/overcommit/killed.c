/* SPDX-License-Identifier: MIT */
/* The daemon is killed in the middle of it, again and again. */
#include "lib/check.h"
#include "lib/wait.h"
#include "overcommit.h"

/* Long enough to be in the middle of everything. */
#define LIFE_MS 2000
/* Other lengths meet other moments. */
#define LIFE_STEP_MS 170
#define STEPS_BETWEEN 300

static const struct tenant tenant = { .pages = TENANT_PAGES, .threads = 3 };

static const struct instance_options options = {
	.name = "killed",
	.memory = PARTITION,
	.swap = SWAP,
	.managed = true,
	.on_loss = "queue",
	.deadline_ms = LONG_DEADLINE_MS,
};

static void replace(struct instance *instance, int dev,
		    const struct child *child, unsigned int round)
{
	uint32_t id = instance->id;

	pause_ms(LIFE_MS - round % 8 * LIFE_STEP_MS);
	instance_kill(instance);
	instance_start(instance, dev, &options);
	check_eq(instance->id, id, "killed: the same instance");
	check(tenant_moves_on(child, STEPS_BETWEEN, MOVE_ON_MS),
	      "killed: the tenant goes on");
}

void test_killed(int dev)
{
	unsigned int round, rounds = test_count(5, 200);
	struct usm_instance_info info;
	struct instance instance;
	struct child child;

	instance_start(&instance, dev, &options);
	tenant_start(&child, &instance, &tenant);
	child_let(&child, 1);
	for (round = 0; round < rounds; round++)
		replace(&instance, dev, &child, round);
	require(!instance_info(dev, instance.id, &info), "it is there");
	test_note("killed: %llu pages out, %llu back, %llu undone",
		  info.evictions, info.swapins, info.retaken);
	tenant_end(&child, "killed");
	overcommit_end_right(&instance, "killed");
}
