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
#include "lib/wait.h"

#define LIMIT_S 120
#define IDLE_MS 10000
/* Frames come home a moment after a load, and are read then. */
#define SETTLE_MS 3000
#define LOAD_PAGES_WANTED 500
#define LOAD_LIMIT_MS 30000

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

/* Nothing of these two moves for a while. */
static void stay_idle(const struct instance *instance, pid_t manager,
		      const char *when)
{
	struct use before, after, manager_before, manager_after;
	struct usm_instance_info info, info_after;

	pause_ms(SETTLE_MS);
	instance_info(instance->dev, instance->id, &info);
	before = use_of(instance->pid);
	manager_before = use_of(manager);
	pause_ms(IDLE_MS);
	after = use_of(instance->pid);
	manager_after = use_of(manager);
	instance_info(instance->dev, instance->id, &info_after);

	check_compare(before.threads, >=, 2, "%s: the daemon has a worker",
		      when);
	check_eq(after.ticks, before.ticks, "%s: the daemon uses no CPU", when);
	check_eq(after.switches, before.switches,
		 "%s: none of its threads wakes up", when);
	check_eq(manager_after.ticks, manager_before.ticks,
		 "%s: the manager uses no CPU", when);
	check_eq(manager_after.switches, manager_before.switches,
		 "%s: none of its threads wakes up either", when);
	check_eq(module_workers_running(), 0, "%s: the module does nothing",
		 when);
	check_eq(info_after.wakes_kernel + info_after.waker_notified,
		 info.wakes_kernel + info.waker_notified,
		 "%s: nobody rings the doorbell", when);
}

int main(void)
{
	const struct instance_options options = {
		.name = "idle",
		.memory = "16M",
	};
	struct instance instance;
	struct child sleeper, load;
	pid_t manager;
	int dev;

	test_begin(LIMIT_S);
	dev = device_open();
	manager = manager_start(dev);
	instance_start(&instance, dev, &options);
	stay_idle(&instance, manager, "at first");

	child_start(&sleeper, child_pause, NULL);
	child_start(&load, load_main, NULL);
	require(child_reached(&sleeper, 0) && child_reached(&load, 0) &&
			!instance_bind(&instance, &sleeper, NULL) &&
			!instance_bind(&instance, &load, NULL),
		"two tenants are bound");
	child_let(&sleeper, 0);
	child_let(&load, 0);
	require(load_moves_on(&load, LOAD_PAGES_WANTED, LOAD_LIMIT_MS),
		"one of them faults");
	check_eq(load_end(&load, CHILD_LIMIT_MS), 0, "its data is right");
	stay_idle(&instance, manager, "after a load, with a sleeping member");

	child_kill(&sleeper);
	check_eq(instance_stop(&instance), 0, "the daemon ends cleanly");
	check_eq(manager_stop(manager), 0, "the manager ends cleanly");
	return test_end();
}
