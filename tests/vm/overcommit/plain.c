/* SPDX-License-Identifier: MIT */
/* Twice the partition, under each eviction policy, with nothing going wrong. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/pattern.h"
#include "lib/wait.h"
#include "overcommit.h"

static const struct tenant tenant = { .pages = TENANT_PAGES, .threads = 3 };

/* The daemon's descriptor of the file called so, its name and what it is. */
static bool find_file(const struct instance *instance, const char *start,
		      char *name, size_t bytes, struct stat *st)
{
	char dir[64], path[384];
	struct dirent *entry;
	bool found = false;
	DIR *fds;

	snprintf(dir, sizeof(dir), "/proc/%d/fd", (int)instance->pid);
	fds = opendir(dir);
	while (fds && !found && (entry = readdir(fds))) {
		ssize_t n;

		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		n = readlink(path, name, bytes - 1);
		if (n < 0)
			continue;
		name[n] = '\0';
		found = !strncmp(name, start, strlen(start)) && !stat(path, st);
	}
	if (fds)
		closedir(fds);
	return found;
}

/* What the file system says, not the daemon: is there anything in it? */
static void check_file(const struct instance *instance, const char *name)
{
	char start[64], found[256];
	struct stat st = {};

	snprintf(start, sizeof(start), INSTANCE_SWAP_DIR "/%s.swap", name);
	require(find_file(instance, start, found, sizeof(found), &st),
		"plain: there is a swap file");
	check(S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0600 && !st.st_uid,
	      "plain: only root can open it");
	check(st.st_size > TENANT_PAGES / 2 * (off_t)PAGE_BYTES,
	      "plain: it has room");
	check(!st.st_nlink && access(start, F_OK),
	      "plain: it will be gone with its daemon");
}

static void run(int dev, const char *evict, const char *alloc,
		unsigned int workers)
{
	const struct instance_options options = {
		.name = "plain",
		.memory = PARTITION,
		.alloc = alloc,
		.workers = workers,
		.swap = SWAP,
		.evict = evict,
		.on_loss = "fail",
		.deadline_ms = LONG_DEADLINE_MS,
	};
	struct usm_instance_info info;
	struct instance instance;
	struct child child;

	instance_start(&instance, dev, &options);
	tenant_start(&child, &instance, &tenant);
	tenant_check_places(&child, &instance, &tenant, evict);
	check_file(&instance, options.name);
	child_let(&child, 1);
	check(tenant_moves_on(&child, test_count(6000, 100000),
			      MOVE_ON_MS * test_count(1, 20)),
	      "%s: it goes on", evict);
	require(!instance_info(dev, instance.id, &info), "it is there");
	check(info.evictions > TENANT_PAGES / 2, "%s: %llu pages went out",
	      evict, info.evictions);
	check(info.swapins > 100, "%s: %llu came back", evict, info.swapins);
	tenant_end(&child, evict);
	overcommit_end_right(&instance, evict);
}

void test_plain(int dev)
{
	run(dev, "clock", "first-fit", 1);
	run(dev, "fifo", "extent", 1);
	/* Two of three threads fault at a worker that has no pager. */
	run(dev, "clock", "extent", 2);
}
