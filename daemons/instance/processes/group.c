/* SPDX-License-Identifier: MIT */
#include "instance/processes/group.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "instance/processes/match.h"

/*
 * A path of cgroups, and what stands before it; "Uid:" is among the first
 * lines of status.  What is longer is not found.
 */
#define TEXT_SIZE (PATH_MAX + 512)

/* The v2 hierarchy's line in /proc/PID/cgroup. */
#define CGROUP_LINE "0::"
#define UID_LINE "Uid:"

static bool read_file(const char *proc, pid_t pid, const char *file,
		      char text[TEXT_SIZE])
{
	char path[PATH_MAX];
	usm_auto_fd fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%d/%s", proc, (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, TEXT_SIZE - 1);
	if (n < 0)
		return false;
	text[n] = '\0';
	return true;
}

/* What stands behind `key` at the beginning of a whole line, cut off there. */
static char *find_line(char *text, const char *key)
{
	char *line, *end;

	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		*end = '\0';
		return line + strlen(key);
	}
	return NULL;
}

static bool read_uid(const char *proc, pid_t pid, char text[TEXT_SIZE],
		     uid_t *uid)
{
	char *line = NULL, *end;

	if (read_file(proc, pid, "status", text))
		line = find_line(text, UID_LINE);
	if (!line)
		return false;
	*uid = (uid_t)strtoul(line, &end, 10);
	return end != line;
}

unsigned int usm_process_group(const struct usm_config_processes *processes,
			       const char *proc, pid_t pid, const char *name)
{
	struct usm_process_facts facts = { .name = name };
	char text[TEXT_SIZE];

	if (!processes || !processes->nr)
		return 0;
	/* The real one, which stands first. */
	if (pid && usm_process_match_uid(processes))
		facts.has_uid = read_uid(proc, pid, text, &facts.uid);
	if (pid && usm_process_match_cgroup(processes) &&
	    read_file(proc, pid, "cgroup", text))
		facts.cgroup = find_line(text, CGROUP_LINE);
	return usm_process_match(processes, &facts);
}
