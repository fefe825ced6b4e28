/* SPDX-License-Identifier: MIT */
/* The daemon is killed half way; and frames run short. */
#include "ahead.h"
#include "common/client.h"
#include "lib/check.h"
#include "lib/wait.h"

#define PAGES 1024
#define SMALL "2M"
#define SWAP "8M"
#define MOVE_ON_MS 60000

static bool touched(const struct child *child, uint64_t pages)
{
	return __atomic_load_n(&child->shared->word[WORD_PAGES],
			       __ATOMIC_RELAXED) >= pages;
}

/* A predecessor's magazine is nobody's: its frames are not lost. */
void test_killed(int dev)
{
	static const char *const allocs[] = { "zeroed", "batch" };
	const struct toucher toucher = { .pages = PAGES };
	size_t i;

	for (i = 0; i < sizeof(allocs) / sizeof(allocs[0]); i++) {
		const struct instance_options options = {
			.name = "killed",
			.memory = "48M",
			.alloc = allocs[i],
			.managed = true,
			.on_loss = "queue",
			.deadline_ms = LONG_DEADLINE_MS,
		};
		struct usm_instance_info info;
		struct instance instance;
		struct child child;
		unsigned int part;
		uint32_t id;

		instance_start(&instance, dev, &options);
		id = instance.id;
		toucher_begin(&child, &instance, &toucher);
		for (part = 1; part < 4; part++) {
			check(wait_until(MOVE_ON_MS,
					 touched(&child, part * PAGES / 4)),
			      "%s, killed: it goes on", allocs[i]);
			instance_kill(&instance);
			instance_start(&instance, dev, &options);
			check_eq(instance.id, id,
				 "%s, killed: the same instance", allocs[i]);
		}
		require(child_reached(&child, 1), "it touches its pages");
		toucher_check_places(&child, &instance, &toucher, allocs[i]);
		toucher_end(&child, allocs[i]);
		require(!instance_info(dev, id, &info), "it is there");
		check_eq(info.bad_commands, 0,
			 "%s, killed: every command was right", allocs[i]);
		ahead_end(&instance, allocs[i]);
	}
}

/* Twice the partition, with swap. */
void test_pressure(int dev)
{
	static const char *const allocs[] = { "zeroed", "batch", "extent" };
	const struct toucher toucher = { .pages = PAGES };
	size_t i;

	for (i = 0; i < sizeof(allocs) / sizeof(allocs[0]); i++) {
		const struct instance_options options = {
			.name = "pressure",
			.memory = SMALL,
			.alloc = allocs[i],
			.swap = SWAP,
			.on_loss = "fail",
			.deadline_ms = LONG_DEADLINE_MS,
		};
		struct usm_instance_info info;
		struct instance instance;
		struct child child;

		instance_start(&instance, dev, &options);
		toucher_start(&child, &instance, &toucher);
		toucher_end(&child, allocs[i]);
		require(!instance_info(dev, instance.id, &info), "it is there");
		test_note(
			"%s, pressure: %llu upcalls, %llu from magazines, %llu from ranges, %llu beside faults, %llu pages out",
			allocs[i], info.upcalls, info.magazine, info.range,
			info.around, info.evictions);
		check_compare(info.evictions, >, PAGES / 2,
			      "%s, pressure: pages went out", allocs[i]);
		check_compare(
			info.magazine + info.range + info.around, >, PAGES / 16,
			"%s, pressure: frames were given ahead", allocs[i]);
		check_eq(info.bad_commands, 0,
			 "%s, pressure: every command was right", allocs[i]);
		check_eq(instance_fallbacks(&info), 0,
			 "%s, pressure: no page is the kernel's own",
			 allocs[i]);
		ahead_end(&instance, allocs[i]);
	}
}
