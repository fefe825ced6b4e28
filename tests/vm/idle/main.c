/* SPDX-License-Identifier: MIT */
/*
 * When nothing happens nothing runs: neither the daemon, nor the manager, nor
 * anything of the module, with a member bound and after a load.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check.h"
#include "lib/file.h"
#include "lib/instance.h"
#include "lib/load.h"
#include "lib/manager.h"
#include "lib/pattern.h"
#include "lib/wait.h"

#define LIMIT_S 120
#define IDLE_MS 10000
/* Frames come home a moment after a load, and are read then. */
#define SETTLE_MS 3000
#define LOAD_PAGES_WANTED 500
#define LOAD_LIMIT_MS 30000
#define SLEEPER_PAGES 768
#define SLEEPER_SEED 77

struct use {
	uint64_t ticks; /* of CPU time, user and system */
	uint64_t switches; /* how often its threads went to sleep */
	unsigned int threads;
};

/* Adds what one thread has used: /proc/PID/task/TID. */
static void add_thread(const char *dir, struct use *use)
{
	unsigned long long user = 0, system = 0;
	char path[512], stat[1024], *rest;
	long long switches;

	snprintf(path, sizeof(path), "%s/stat", dir);
	if (file_read(path, stat, sizeof(stat)) <= 0)
		return;
	/* The name in parentheses may hold anything; fields go on after it. */
	rest = strrchr(stat, ')');
	if (!rest || sscanf(rest + 2,
			    "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
			    "%llu %llu",
			    &user, &system) != 2)
		return;
	snprintf(path, sizeof(path), "%s/status", dir);
	switches = file_number(path, "voluntary_ctxt_switches:");
	use->ticks += user + system;
	use->switches += switches > 0 ? (uint64_t)switches : 0;
	use->threads++;
}

static struct use use_of(pid_t pid)
{
	char dir[64], path[384];
	struct dirent *entry;
	struct use use = { 0 };
	DIR *tasks;

	snprintf(dir, sizeof(dir), "/proc/%d/task", (int)pid);
	tasks = opendir(dir);
	while (tasks && (entry = readdir(tasks))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		add_thread(path, &use);
	}
	if (tasks)
		closedir(tasks);
	return use;
}

/* Work of the module: every kernel worker that last ran for it. */
static unsigned int module_workers_running(void)
{
	char path[384], comm[64], state[512], *rest;
	unsigned int running = 0;
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	while (proc && (entry = readdir(proc))) {
		if (atoi(entry->d_name) <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (file_read(path, comm, sizeof(comm)) <= 0 ||
		    strncmp(comm, "kworker/", 8) || !strstr(comm, "+usm"))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		file_read(path, state, sizeof(state));
		rest = strrchr(state, ')');
		running += rest && rest[2] == 'R';
	}
	if (proc)
		closedir(proc);
	return running;
}

/* Daemons of every kind, at the same time. */
static const struct instance_options kinds[] = {
	{ .name = "plain", .memory = "16M" },
	{ .name = "swapping",
	  .memory = "2M", /* half of what its load touches */
	  .swap = "16M",
	  .swap_device = "lz4",
	  .evict = "lru",
	  /* Reached by its load, and by what stays of it. */
	  .more = ",\"processes\":[{\"uid\":0,\"priority\":60}],"
		  "\"thresholds\":[{\"used_percent\":50,"
		  "\"evict\":\"clock\"}]" },
	{ .name = "workers", .memory = "16M", .workers = 2 },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct subject {
	struct instance instance;
	struct child sleeper, load;
	struct use before;
	struct usm_instance_info info;
};

static void check_idle(const struct subject *subject, const char *kind,
		       const char *when)
{
	const struct instance *instance = &subject->instance;
	struct use before = subject->before, after = use_of(instance->pid);
	struct usm_instance_info info;

	instance_info(instance->dev, instance->id, &info);
	check_compare(before.threads, >=, 2, "%s, %s: the daemon has a worker",
		      kind, when);
	check_eq(after.ticks, before.ticks, "%s, %s: the daemon uses no CPU",
		 kind, when);
	check_eq(after.switches, before.switches,
		 "%s, %s: none of its threads wakes up", kind, when);
	check_eq(info.wakes_kernel + info.waker_notified,
		 subject->info.wakes_kernel + subject->info.waker_notified,
		 "%s, %s: nobody rings the doorbell", kind, when);
}

/* Nothing of all this moves for a while. */
static void stay_idle(struct subject *subjects, pid_t manager, const char *when)
{
	struct use before, after;
	size_t i;

	pause_ms(SETTLE_MS);
	for (i = 0; i < KINDS; i++) {
		struct subject *subject = &subjects[i];

		instance_info(subject->instance.dev, subject->instance.id,
			      &subject->info);
		subject->before = use_of(subject->instance.pid);
	}
	before = use_of(manager);
	pause_ms(IDLE_MS);
	for (i = 0; i < KINDS; i++)
		check_idle(&subjects[i], kinds[i].name, when);
	after = use_of(manager);
	check_eq(after.ticks, before.ticks, "%s: the manager uses no CPU",
		 when);
	check_eq(after.switches, before.switches,
		 "%s: none of its threads wakes up either", when);
	check_eq(module_workers_running(), 0, "%s: the module does nothing",
		 when);
}

/* Sleeps with more memory than the smallest partition has. */
static int sleep_full(struct child *self, void *arg)
{
	void *buffer = pattern_map(SLEEPER_PAGES * PAGE_BYTES);

	(void)arg;
	pattern_fill(buffer, 0, SLEEPER_PAGES, 1, SLEEPER_SEED);
	child_stop_at(self, 1);
	return pattern_bad(buffer, 0, SLEEPER_PAGES, 1, SLEEPER_SEED) != 0;
}

static void have_load(struct subject *subject,
		      const struct instance_options *options)
{
	const char *kind = options->name;
	struct usm_instance_info info;

	child_start(&subject->sleeper, sleep_full, NULL);
	child_start(&subject->load, load_main, NULL);
	require(child_reached(&subject->sleeper, 0) &&
			child_reached(&subject->load, 0) &&
			!instance_bind(&subject->instance, &subject->sleeper,
				       NULL) &&
			!instance_bind(&subject->instance, &subject->load,
				       NULL),
		"%s: two tenants are bound", kind);
	child_let(&subject->sleeper, 0);
	check(child_reached(&subject->sleeper, 1), "%s: one fills its memory",
	      kind);
	child_let(&subject->load, 0);
	require(load_moves_on(&subject->load, LOAD_PAGES_WANTED, LOAD_LIMIT_MS),
		"%s: the other one faults", kind);
	check_eq(load_end(&subject->load, CHILD_LIMIT_MS), 0,
		 "%s: its data is right", kind);
	instance_info(subject->instance.dev, subject->instance.id, &info);
	check_eq(info.evictions > 0, options->swap != NULL,
		 "%s: pages go out where they can", kind);
}

int main(void)
{
	struct subject subjects[KINDS] = { 0 };
	pid_t manager;
	size_t i;
	int dev;

	test_begin(LIMIT_S);
	dev = device_open();
	manager = manager_start(dev);
	for (i = 0; i < KINDS; i++)
		instance_start(&subjects[i].instance, dev, &kinds[i]);
	stay_idle(subjects, manager, "at first");
	for (i = 0; i < KINDS; i++)
		have_load(&subjects[i], &kinds[i]);
	stay_idle(subjects, manager, "after a load, with a sleeping member");
	for (i = 0; i < KINDS; i++) {
		child_let(&subjects[i].sleeper, 1);
		check_eq(child_end(&subjects[i].sleeper, CHILD_LIMIT_MS), 0,
			 "%s: the sleeper's data is right", kinds[i].name);
		check_eq(instance_stop(&subjects[i].instance), 0,
			 "%s: the daemon ends cleanly", kinds[i].name);
	}
	check_eq(manager_stop(manager), 0, "the manager ends cleanly");
	return test_end();
}
