/* SPDX-License-Identifier: MIT */
/* Daemons killed one after the other under a load, in mode queue. */
#include <signal.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/load.h"
#include "lib/pagemap.h"
#include "lib/wait.h"
#include "loss/loss.h"

#define TENANTS 2
#define PAGES 500
#define MOVE_ON_MS 60000

static const struct instance_options options = {
	.name = "reattach",
	.memory = "16M",
	.managed = true,
	.on_loss = "queue",
	/* Whatever the machine is busy with, no answer is late. */
	.deadline_ms = LONG_DEADLINE_MS,
};

/* The frames of a tenant that stands still are those the module says. */
static bool placed_right(const struct child *child, pid_t daemon)
{
	struct partition partition;
	struct placement place;
	struct pages pages;
	bool right;

	if (pages_read(child->pid, &pages))
		return false;
	if (partition_read(daemon, &partition)) {
		pages_free(&pages);
		return false;
	}
	pages_place(&pages, &partition, &place);
	right = place.own && !place.foreign && !place.twice;
	if (!right)
		test_note("%zu own, %zu foreign, %zu twice", place.own,
			  place.foreign, place.twice);
	partition_free(&partition);
	pages_free(&pages);
	return right;
}

static bool all_move_on(const struct child child[TENANTS])
{
	unsigned int i;

	for (i = 0; i < TENANTS; i++)
		if (!load_moves_on(&child[i], PAGES, MOVE_ON_MS))
			return false;
	return true;
}

static void replace(struct instance *instance, int dev,
		    struct child child[TENANTS])
{
	uint32_t id = instance->id;
	unsigned int i;

	instance_kill(instance);
	pause_ms(NEVER_MS);
	instance_start(instance, dev, &options);
	check_eq(instance->id, id, "reattach: the same instance");
	check(all_move_on(child), "reattach: every tenant goes on");
	for (i = 0; i < TENANTS; i++) {
		kill(child[i].pid, SIGSTOP);
		check(placed_right(&child[i], instance->pid),
		      "reattach: its frames are its own");
		kill(child[i].pid, SIGCONT);
	}
}

void test_reattach(int dev)
{
	struct usm_instance_info info;
	struct child child[TENANTS];
	struct instance instance;
	unsigned int i, round;

	instance_start(&instance, dev, &options);
	for (i = 0; i < TENANTS; i++) {
		child_start(&child[i], load_main, NULL);
		require(child_reached(&child[i], 0) &&
				!instance_bind(&instance, &child[i], NULL),
			"reattach: a tenant is bound");
		child_let(&child[i], 0);
	}
	check(all_move_on(child), "reattach: every tenant is served");
	for (round = 0; round < test_count(5, 500); round++)
		replace(&instance, dev, child);

	require(!instance_info(dev, instance.id, &info),
		"reattach: it is there");
	check_eq(instance_fallbacks(&info), 0, "reattach: no fault was lost");
	check_eq(info.bad_commands, 0, "reattach: every answer was right");
	check_eq(info.nr_members, TENANTS, "reattach: it has its members");
	for (i = 0; i < TENANTS; i++)
		check_eq(load_end(&child[i], CHILD_LIMIT_MS), 0,
			 "reattach: the data is right");
	check(instance_all_free(dev, instance.id, false, HOME_LIMIT_MS),
	      "reattach: every frame is free again");
	check_eq(instance_stop(&instance), 0, "reattach: the daemon ends");
	check_eq(usm_client_destroy(dev, instance.id), 0,
		 "reattach: the instance is destroyed");
}
