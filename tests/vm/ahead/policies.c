/* SPDX-License-Identifier: MIT */
/* What is given ahead under each policy, in sequence and at random. */
#include <stdio.h>

#include "ahead.h"
#include "lib/check.h"

#define PARTITION "48M"
#define SEQUENTIAL_PAGES 8192 /* 32 MiB */
#define RANDOM_PAGES 1024

static const struct policy {
	const char *name;
	unsigned int workers;
	/* Of a hundred pages, that many ask the policy at most; 0: not tried. */
	unsigned int sequential, random;
	/* Of a hundred pages, that many have their neighbour's neighbour. */
	unsigned int adjacent;
} policies[] = {
	{ "first-fit", 1, 100, 0, 0 }, { "extent", 1, 15, 100, 90 },
	{ "batch", 1, 5, 100, 0 },     { "batch", 2, 10, 0, 0 },
	{ "zeroed", 1, 30, 0, 0 },     { "zeroed", 2, 30, 30, 0 },
};

static void run(int dev, const struct policy *policy, enum order order)
{
	const struct toucher toucher = {
		.pages = order == RANDOM ? RANDOM_PAGES : SEQUENTIAL_PAGES,
		.order = order,
	};
	const struct instance_options options = {
		.name = "ahead",
		.memory = PARTITION,
		.alloc = policy->name,
		.workers = policy->workers,
		.on_loss = "fail",
		.deadline_ms = LONG_DEADLINE_MS,
	};
	unsigned int most =
		order == RANDOM ? policy->random : policy->sequential;
	struct usm_instance_info info;
	struct instance instance;
	struct child child;
	size_t adjacent;
	char what[64];

	snprintf(what, sizeof(what), "%s, %u worker%s, %s", policy->name,
		 policy->workers, policy->workers == 1 ? "" : "s",
		 order == RANDOM ? "at random" : "in sequence");
	instance_start(&instance, dev, &options);
	toucher_start(&child, &instance, &toucher);
	require(!instance_info(dev, instance.id, &info), "it is there");
	test_note(
		"%s: %llu upcalls, %llu from magazines, %llu from ranges, %llu beside faults, for %zu pages",
		what, info.upcalls, info.magazine, info.range, info.around,
		toucher.pages);
	check_compare(info.upcalls * 100, <=,
		      most * (toucher.pages + toucher.pages / 8),
		      "%s: at most %u of a hundred pages ask", what, most);
	if (policy->sequential == 100)
		check_eq(info.magazine + info.range + info.around, 0,
			 "%s: nothing is given ahead", what);
	adjacent = toucher_check_places(&child, &instance, &toucher, what);
	if (order == SEQUENTIAL)
		check_compare(adjacent * 100, >=,
			      policy->adjacent * toucher.pages,
			      "%s: neighbours are neighbours", what);
	toucher_end(&child, what);
	require(!instance_info(dev, instance.id, &info), "it is there");
	check_eq(info.bad_commands, 0, "%s: every command was right", what);
	check_eq(instance_fallbacks(&info), 0,
		 "%s: no page is the kernel's own", what);
	ahead_end(&instance, what);
}

void test_policies(int dev)
{
	size_t i;

	for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		run(dev, &policies[i], SEQUENTIAL);
		if (policies[i].random)
			run(dev, &policies[i], RANDOM);
	}
}
