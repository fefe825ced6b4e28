/* SPDX-License-Identifier: MIT */
/*
 * stress-ng as a tenant: it finds no wrong data, its pages are in the
 * partition, and when it has gone every frame is free again, in the
 * instance's book and, once the partition has dissolved, in the pool's.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/file.h"
#include "lib/wait.h"
#include "stress/stress.h"

#define LIMIT_S 280
#define SECONDS 4
#define SECONDS_SOAK 180
/* Beyond its time: starting and ending under emulation. */
#define END_LIMIT_MS 120000
#define FREE_LIMIT_MS 60000
#define LOOK_EVERY_MS 500
#define PAGE_KB 4
/* stress-ng's exit code when one of its stressors did not end well. */
#define STRESSOR_FAILED 2

static bool ends_within(const struct child *child, int ms)
{
	struct pollfd end = { .fd = child->pidfd, .events = POLLIN };

	return poll(&end, 1, ms) == 1;
}

/* madvise() as root can declare memory bad; such frames stay out of use. */
static bool all_back(const struct instance *instance,
		     struct usm_instance_info *info)
{
	return !instance_info(instance->dev, instance->id, info) &&
	       info->frames[USM_FRAME_FREE] +
			       info->frames[USM_FRAME_QUARANTINED] ==
		       info->owned;
}

static void try_job(const struct instance *instance, const struct job *job)
{
	struct job_run run = { .job = job,
			       .seconds = test_count(SECONDS, SECONDS_SOAK) };
	struct usm_instance_info before, after;
	struct look look, most = { 0 };
	struct child child;
	size_t foreign = 0;
	int code;

	snprintf(run.output, sizeof(run.output), "%s/stress-%s.log",
		 getenv("USM_OUT") ?: "/tmp", job->name);
	instance_info(instance->dev, instance->id, &before);
	child_start(&child, job_exec, &run);
	require(child_reached(&child, 0) &&
			!instance_bind(instance, &child, NULL),
		"%s: a tenant is bound", job->name);
	child_let(&child, 0);
	while (!ends_within(&child, LOOK_EVERY_MS)) {
		if (look_at_members(instance, &look))
			continue;
		foreign += look.foreign;
		if (look.own > most.own)
			most = look;
	}
	code = child_end(&child, END_LIMIT_MS);
	if (job->poisons)
		/* The kernel sends SIGBUS to whoever has the page, page cache too. */
		check(code == 0 || code == STRESSOR_FAILED,
		      "%s: ends by itself (%d)", job->name, code);
	else
		check_eq(code, 0, "%s: ends well", job->name);
	check_eq(job_failures(&run), 0, "%s: no data was wrong", job->name);
	check_compare(most.own, >, 0, "%s: %zu pages in the partition at once",
		      job->name, most.own);
	check_eq(foreign, 0, "%s: never one in another's", job->name);
	check(wait_until(FREE_LIMIT_MS, all_back(instance, &after)),
	      "%s: every frame is free again, or bad memory", job->name);
	check_compare(after.frames[USM_FRAME_QUARANTINED] * PAGE_KB, <=,
		      file_number("/proc/meminfo", "HardwareCorrupted:"),
		      "%s: what is bad memory is so for the kernel", job->name);
	test_note("%s: %llu faults, %llu of them fell back", job->name,
		  (unsigned long long)(after.faults - before.faults),
		  (unsigned long long)(instance_fallbacks(&after) -
				       instance_fallbacks(&before)));
}

int main(int argc, char **argv)
{
	const struct instance_options options = {
		.name = "stress",
		.memory = "192M",
	};
	struct instance instance;
	struct usm_instance_info last;
	struct usm_info info;
	uint32_t bad;
	int dev;
	size_t i;

	test_begin(LIMIT_S);
	dev = device_open();
	instance_start(&instance, dev, &options);
	for (i = 0; i < nr_jobs; i++)
		if (argc < 2 || !strcmp(argv[1], jobs[i].name))
			try_job(&instance, &jobs[i]);
	require(!instance_info(dev, instance.id, &last),
		"the instance is there");
	bad = last.frames[USM_FRAME_QUARANTINED];
	check_eq(instance_stop(&instance), 0, "the daemon ends cleanly");
	check(instance_gone(dev, instance.id, FREE_LIMIT_MS),
	      "the partition dissolves");
	check(!usm_client_info(dev, &info) &&
		      info.free_frames + bad == info.pool_frames,
	      "every frame is the pool's again, but for %u of bad memory", bad);
	return test_end();
}
