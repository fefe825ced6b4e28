/* SPDX-License-Identifier: MIT */
/* In and out, with load around and in between. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/file.h"
#include "lib/instance.h"
#include "lib/load.h"
#include "lib/pattern.h"
#include "lib/wait.h"
#include "unload/module.h"
#include "unload/unload.h"

#define CYCLES 5
#define CYCLES_SOAK 200
#define PLAIN_PROCESSES 3
#define PLAIN_PAGES 64
#define PLAIN_SEED 3
#define FAULTS 300
#define LIMIT_MS 60000
/*
 * The kernel's own ups and downs, close to one pool; cycles that leak lose it
 * each time, or, in a soak, two hundred times a table.
 */
#define LOST_KB_MAX 65536

/* Forks, maps, writes, unmaps: everything that goes through the hooks. */
static int plain_load(struct child *self, void *arg)
{
	void *buffer;
	int status;
	pid_t pid;

	(void)arg;
	while (!__atomic_load_n(&self->shared->word[LOAD_STOP],
				__ATOMIC_RELAXED)) {
		buffer = pattern_map(PLAIN_PAGES * PAGE_BYTES);
		pattern_fill(buffer, 0, PLAIN_PAGES, 1, PLAIN_SEED);
		pid = fork();
		if (!pid) {
			/* Copied on write. */
			pattern_fill(buffer, 0, PLAIN_PAGES, 2, PLAIN_SEED);
			_exit((int)pattern_bad(buffer, 0, PLAIN_PAGES, 1,
					       PLAIN_SEED));
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			return 2;
		if (pattern_bad(buffer, 0, PLAIN_PAGES, 1, PLAIN_SEED))
			return 3;
		munmap(buffer, PLAIN_PAGES * PAGE_BYTES);
	}
	return 0;
}

static void use_it(unsigned int cycle)
{
	const struct instance_options options = { .name = "cycle",
						  .memory = "16M" };
	struct instance instance;
	struct usm_instance_info info;
	struct child tenant;
	uint32_t member;
	int dev = device_open();

	instance_start(&instance, dev, &options);
	child_start(&tenant, load_main, NULL);
	require(!instance_bind(&instance, &tenant, &member),
		"cycle %u: a tenant", cycle);
	child_let(&tenant, 0);
	check(load_moves_on(&tenant, FAULTS, LIMIT_MS), "cycle %u: it faults",
	      cycle);
	check_eq(load_end(&tenant, LIMIT_MS), 0, "cycle %u: its data is right",
		 cycle);
	check(!instance_info(dev, instance.id, &info) &&
		      info.upcalls >= FAULTS / 2,
	      "cycle %u: its policy served it", cycle);
	check_eq(instance_stop(&instance), 0, "cycle %u: the instance ends",
		 cycle);
	close(dev);
}

static long long available_kb(void)
{
	return file_number("/proc/meminfo", "MemAvailable:");
}

void test_cycles(void)
{
	struct child plain[PLAIN_PROCESSES];
	unsigned int cycle, i;
	long long before = 0;

	for (i = 0; i < PLAIN_PROCESSES; i++) {
		child_start(&plain[i], plain_load, NULL);
		child_let(&plain[i], 0);
	}
	for (cycle = 0; cycle < test_count(CYCLES, CYCLES_SOAK); cycle++) {
		use_it(cycle);
		check_eq(module_unload_soon(UNLOAD_LIMIT_MS), 0,
			 "cycle %u: it unloads under load", cycle);
		check(!module_left_traces(), "cycle %u: nothing is left",
		      cycle);
		if (!cycle)
			before = available_kb();
		test_note("cycle %u: %lld KiB available", cycle,
			  available_kb());
		require(!module_load(NULL), "cycle %u: it loads again", cycle);
	}
	require(!module_unload_soon(UNLOAD_LIMIT_MS), "it unloads");
	/* The load around it takes some, now more, now less. */
	wait_until(LIMIT_MS, available_kb() > before - LOST_KB_MAX);
	check_compare(before - available_kb(), <, LOST_KB_MAX,
		      "memory is back after all cycles");
	for (i = 0; i < PLAIN_PROCESSES; i++)
		check_eq(load_end(&plain[i], LIMIT_MS), 0,
			 "the load around had its data right");
	require(!module_load(NULL), "it loads again");
}
