/* SPDX-License-Identifier: MIT */
/*
 * A member that holds the whole pool is, by its RSS, the largest process there
 * is.  When the kernel, or the memory cgroup it is in, runs out of memory, it
 * is not the one to kill: that would bring nothing.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/child.h"
#include "lib/file.h"
#include "lib/instance.h"
#include "lib/kernel_log.h"
#include "lib/pattern.h"
#include "lib/wait.h"

#define LIMIT_S 280
#define SEED 90
#define FILL_MS 120000
#define HOG_MS 120000
/* Of the pool, for what the tenant touches besides its buffer. */
#define SPARE_PAGES 256
/* The tenant's frames are far beyond it, and far below what the hog wants. */
#define GROUP_MAX_MIB 48
#define GROUP "/sys/fs/cgroup/usm-oom"
/* Points of a process that is as good as empty; a hundred are a tenth of memory. */
#define SMALL_POINTS 100

#define WORD_BYTES 0
#define WORD_PAGES 1

static int fill(struct child *self, void *arg)
{
	size_t pages = *(const size_t *)arg;
	void *buffer = pattern_map(pages * PAGE_BYTES);

	pattern_fill(buffer, 0, pages, 1, SEED);
	child_stop_at(self, 1);
	return pattern_bad(buffer, 0, pages, 1, SEED) != 0;
}

/* Takes all the memory it can get. */
static int hog(struct child *self, void *arg)
{
	char *buffer;

	(void)arg;
	for (;;) {
		buffer = pattern_map(MIB);
		pattern_fill(buffer, 0, MIB / PAGE_BYTES, 1, SEED);
		__atomic_add_fetch(&self->shared->word[WORD_BYTES], MIB,
				   __ATOMIC_RELAXED);
	}
	return 0;
}

static long long oom_score(pid_t pid)
{
	char path[64], text[32] = "";
	long long score = -1;

	snprintf(path, sizeof(path), "/proc/%d/oom_score", (int)pid);
	if (file_read(path, text, sizeof(text)) < 0 ||
	    sscanf(text, "%lld", &score) != 1)
		return -1;
	return score;
}

/* Whoever is out of memory, the hog dies and the tenant does not. */
static void check_killed(struct child *tenant, struct child *glutton,
			 const char *what)
{
	long long tenant_kib = status_number(tenant->pid, "VmRSS:");
	int log = kernel_log_open(), ended;
	uint64_t bytes;
	char text[64];

	snprintf(text, sizeof(text), "Killed process %d", (int)glutton->pid);
	child_let(glutton, 0);
	/* waitid() would reap it; its memory is gone when it is a zombie. */
	ended = wait_until(HOG_MS, status_number(glutton->pid, "VmSize:") < 0);
	bytes = glutton->shared->word[WORD_BYTES];
	check(ended, "%s: the hog ends", what);
	check_eq(child_end(glutton, CHILD_LIMIT_MS), 128 + SIGKILL,
		 "%s: killed", what);
	check(kernel_log_has(log, text), "%s: by the OOM killer", what);
	check_compare((long long)(bytes / 1024), <, tenant_kib,
		      "%s: although the tenant is larger", what);
	test_note("%s: the hog had %llu MiB, the tenant has %lld MiB", what,
		  (unsigned long long)(bytes / MIB), tenant_kib / 1024);
	check_compare(status_number(tenant->pid, "VmRSS:"), >=,
		      tenant_kib * 9 / 10, "%s: the tenant lives", what);
}

static void join_group(const struct child *child)
{
	char text[32];

	snprintf(text, sizeof(text), "%d", (int)child->pid);
	require(!file_write(GROUP "/cgroup.procs", text),
		"cgroup: a process joins");
}

static void test_cgroup(struct child *tenant)
{
	struct child glutton;
	char text[32];

	snprintf(text, sizeof(text), "%lu", GROUP_MAX_MIB * MIB);
	if (mkdir(GROUP, 0755) || file_write(GROUP "/memory.max", text)) {
		check(false, "cgroup: a limit can be set");
		return;
	}
	child_start(&glutton, hog, NULL);
	join_group(&glutton);
	join_group(tenant);
	check_killed(tenant, &glutton, "cgroup");
}

int main(void)
{
	/* On a busy host a missed deadline would put pages outside the pool. */
	struct instance_options options = {
		.name = "pool",
		.deadline_ms = USM_DEADLINE_MS_MAX,
	};
	struct usm_instance_info info;
	struct child tenant, glutton;
	struct instance instance;
	struct usm_info pool;
	char memory[32];
	size_t pages;
	int dev;

	test_begin(LIMIT_S);
	dev = device_open();
	require(!usm_client_info(dev, &pool), "the pool's size");
	snprintf(memory, sizeof(memory), "%lluK", pool.pool_frames * 4ULL);
	options.memory = memory;
	instance_start(&instance, dev, &options);
	pages = pool.pool_frames - SPARE_PAGES;
	child_start(&tenant, fill, &pages);
	require(child_reached(&tenant, 0) &&
			!instance_bind(&instance, &tenant, NULL),
		"a tenant is bound");
	child_let(&tenant, 0);
	check(wait_until(FILL_MS, child_reached(&tenant, 1)),
	      "it fills its buffer");
	instance_info(dev, instance.id, &info);
	check_compare(info.frames[USM_FRAME_MAPPED], >=, pages * 9 / 10,
		      "it holds the pool");
	check_compare(status_number(tenant.pid, "VmRSS:"), >=,
		      pages * 4 * 9 / 10, "which shows in its RSS");
	check_compare(oom_score(tenant.pid), <=,
		      oom_score(getpid()) + SMALL_POINTS,
		      "and not in its OOM score");

	child_start(&glutton, hog, NULL);
	require(child_reached(&glutton, 0), "a hog starts");
	check_compare(oom_score(glutton.pid), >, 0, "untagged ones have one");
	check_killed(&tenant, &glutton, "machine");
	test_cgroup(&tenant);

	child_let(&tenant, 1);
	check_eq(child_end(&tenant, CHILD_LIMIT_MS), 0,
		 "the tenant's data is right");
	check(instance_all_free(dev, instance.id, false, FILL_MS),
	      "every frame is free again");
	check_eq(instance_stop(&instance), 0, "the daemon ends cleanly");
	rmdir(GROUP);
	return test_end();
}
