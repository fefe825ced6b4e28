/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/pattern.h"
#include "stress/stress.h"

/* The break is moved up until there is no more: here. */
#define DATA_MIB 48
#define STACK_MIB 8
#define ARGV_MAX (JOB_ARGS_MAX + 16)

/* Small buffers and several workers: many operations in a short time. */
const struct job jobs[] = {
	{ "vm",
	  { "--vm", "2", "--vm-bytes", "8M", "--vm-method", "all", NULL },
	  .poisons = false },
	{ "mmap",
	  { "--mmap", "2", "--mmap-bytes", "8M", NULL },
	  .poisons = false },
	{ "mremap",
	  { "--mremap", "2", "--mremap-bytes", "8M", NULL },
	  .poisons = false },
	{ "fork",
	  { "--fork", "2", "--fork-max", "4", NULL },
	  .poisons = false },
	{ "madvise", { "--madvise", "2", NULL }, .poisons = false },
	{ "poison", { "--madvise", "2", NULL }, .poisons = true },
	{ "brk", { "--brk", "2", NULL }, .poisons = false },
	{ "stack", { "--stack", "2", NULL }, .poisons = false },
	{ "shm",
	  { "--shm", "2", "--shm-bytes", "8M", NULL },
	  .poisons = false },
};
const size_t nr_jobs = sizeof(jobs) / sizeof(jobs[0]);

static void limit(int what, size_t bytes)
{
	const struct rlimit limit = { bytes, bytes };

	if (setrlimit(what, &limit))
		_exit(126);
}

static void say_to(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 ||
	    dup2(fd, STDERR_FILENO) < 0)
		_exit(126);
}

/* See preload/dumpable.c, which is built beside this program. */
static void preload(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 32);

	if (n < 0)
		_exit(126);
	snprintf(path + n, sizeof(path) - (size_t)n, "-dumpable.so");
	setenv("LD_PRELOAD", path, 1);
}

int job_exec(struct child *self, void *arg)
{
	const struct job_run *run = arg;
	char seconds[16];
	const char *argv[ARGV_MAX] = {
		"stress-ng",	   "--verify",	  "--timeout", seconds,
		"--metrics-brief", "--temp-path", "/tmp"
	};
	size_t nr = 7, i;

	(void)self;
	snprintf(seconds, sizeof(seconds), "%u", run->seconds);
	for (i = 0; run->job->args[i]; i++)
		argv[nr++] = run->job->args[i];
	/* What MADV_HWPOISON asks for; root's new image is without it. */
	if (!run->job->poisons &&
	    prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0))
		_exit(126);
	limit(RLIMIT_DATA, DATA_MIB * MIB);
	limit(RLIMIT_STACK, STACK_MIB * MIB);
	say_to(run->output);
	preload();
	execvp(argv[0], (char *const *)argv);
	return 127;
}

int job_failures(const struct job_run *run)
{
	FILE *file = fopen(run->output, "re");
	char line[512];
	bool complete = false;
	int failures = 0;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (strstr(line, "successful run completed"))
			complete = true;
		if (strstr(line, "fail:") || strstr(line, "error:"))
			failures++;
	}
	fclose(file);
	return failures + !complete;
}
