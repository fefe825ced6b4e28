/* SPDX-License-Identifier: MIT */
/* The partition becomes smaller and larger under a tenant that overcommits. */
#include "common/client.h"
#include "lib/check.h"
#include "lib/wait.h"
#include "overcommit.h"

#define STEPS 1000
#define SMALL_FRAMES (PARTITION_FRAMES / 2)
#define LARGE_FRAMES (PARTITION_FRAMES * 3 / 2)
#define SHRINK_MS 60000

static bool owns(int dev, uint32_t id, uint32_t frames)
{
	struct usm_instance_info info;

	return !instance_info(dev, id, &info) && info.owned == frames;
}

static void resize(struct instance *instance, const struct child *child,
		   uint32_t frames)
{
	check_eq(usm_client_resize(instance->dev, instance->id, frames, NULL),
		 0, "resized: the partition is to have %u frames", frames);
	check(wait_until(SHRINK_MS, owns(instance->dev, instance->id, frames)),
	      "resized: it has them, and no others");
	check(tenant_moves_on(child, STEPS, MOVE_ON_MS),
	      "resized: the tenant goes on");
}

void test_resized(int dev)
{
	const struct tenant tenant = { .pages = TENANT_PAGES, .threads = 2 };
	const struct instance_options options = {
		.name = "resized",
		.memory = PARTITION,
		.swap = SWAP,
		.on_loss = "fail",
		.deadline_ms = LONG_DEADLINE_MS,
	};
	unsigned int round, rounds = test_count(1, 50);
	struct instance instance;
	struct child child;

	instance_start(&instance, dev, &options);
	tenant_start(&child, &instance, &tenant);
	child_let(&child, 1);
	for (round = 0; round < rounds; round++) {
		resize(&instance, &child, SMALL_FRAMES);
		tenant_check_places(&child, &instance, &tenant, "small");
		resize(&instance, &child, LARGE_FRAMES);
		resize(&instance, &child, PARTITION_FRAMES);
		tenant_check_places(&child, &instance, &tenant, "as before");
	}
	tenant_end(&child, "resized");
	/* Frames that the kernel moves pages to may be in an answer just then. */
	overcommit_end(&instance, "resized");
}
