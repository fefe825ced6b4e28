/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inherit/inherit.h"
#include "lib/check.h"

static int execute(struct child *self, void *arg)
{
	image_execute(self, arg);
	return 3;
}

static int fork_and_execute(struct child *self, void *arg)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(execute(self, arg));
	return waitpid(pid, &status, 0) != pid || status;
}

/* Between the two the child runs in its parent's address space. */
static int spawn(struct child *self, void *arg)
{
	char fd[16], *arguments[] = { arg, PROBE_ARGUMENT, fd, NULL };
	int status = -1;
	pid_t pid;

	snprintf(fd, sizeof(fd), "%d", self->shared_fd);
	if (posix_spawn(&pid, arg, NULL, NULL, arguments, environ))
		return 3;
	return waitpid(pid, &status, 0) != pid || status;
}

static int fail_to_execute(struct child *self, void *arg)
{
	(void)arg;
	check_eq(image_execute(self, "/tmp/nonexistent"), -ENOENT,
		 "exec of nothing fails");
	return probe(self);
}

void test_exec(const struct instance *instance, const char *program)
{
	void *path = (void *)(uintptr_t)program;

	probe_child(instance, USM_INHERIT_ALL, execute, path, PROBE_SERVED,
		    "all: the image after exec is served");
	probe_child(instance, USM_INHERIT_ALL, fork_and_execute, path,
		    PROBE_SERVED, "all: a child's image is served");
	probe_child(instance, USM_INHERIT_ALL, spawn, path, PROBE_SERVED,
		    "all: a spawned image is served");
	probe_child(instance, USM_INHERIT_FORK, execute, path, PROBE_KERNEL,
		    "fork: the image after exec is not served");
	probe_child(instance, USM_INHERIT_NONE, execute, path, PROBE_KERNEL,
		    "none: the image after exec is not served");
	probe_child(instance, USM_INHERIT_ALL, fail_to_execute, NULL,
		    PROBE_SERVED, "all: still served when exec failed");
}
