/* SPDX-License-Identifier: MIT */
#include "live/group.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/file.h"
#include "lib/wait.h"

#define GROUP "/sys/fs/cgroup/live"
#define REMOVE_LIMIT_MS 10000

void group_make(pid_t pid)
{
	char text[32];

	snprintf(text, sizeof(text), "%d", (int)pid);
	require(!mkdir(GROUP, 0755) && !file_write(GROUP "/cgroup.procs", text),
		"a cgroup of its own");
}

int64_t group_charged(void)
{
	int64_t bytes = -1;
	FILE *file = fopen(GROUP "/memory.current", "re");

	if (!file)
		return -1;
	if (fscanf(file, "%" SCNd64, &bytes) != 1)
		bytes = -1;
	fclose(file);
	return bytes;
}

void group_limit(uint64_t bytes)
{
	char text[32] = "max";

	if (bytes)
		snprintf(text, sizeof(text), "%" PRIu64, bytes);
	require(!file_write(GROUP "/memory.max", text), "its limit is set");
}

int64_t group_killed(void)
{
	FILE *file = fopen(GROUP "/memory.events", "re");
	int64_t value, killed = -1;
	char name[32];

	if (!file)
		return -1;
	while (fscanf(file, "%31s %" SCNd64, name, &value) == 2)
		if (!strcmp(name, "oom_kill"))
			killed = value;
	fclose(file);
	return killed;
}

void group_remove(void)
{
	check(wait_until(REMOVE_LIMIT_MS, !rmdir(GROUP)),
	      "the cgroup is empty");
}
