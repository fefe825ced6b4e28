/* SPDX-License-Identifier: MIT */
#include <sys/wait.h>
#include <unistd.h>

#include "inherit/inherit.h"

static int descend(struct child *self, unsigned int generations)
{
	int status = -1;
	pid_t pid;

	if (!generations)
		return probe(self);
	pid = fork();
	if (!pid)
		_exit(descend(self, generations - 1));
	return waitpid(pid, &status, 0) != pid || status;
}

/* arg: how many generations below the bound process the probe is. */
static int family(struct child *self, void *arg)
{
	return descend(self, *(const unsigned int *)arg);
}

void test_fork(const struct instance *instance)
{
	unsigned int self = 0, child = 1, grandchild = 2;

	probe_child(instance, USM_INHERIT_NONE, family, &self, PROBE_SERVED,
		    "none: the process itself is served");
	probe_child(instance, USM_INHERIT_NONE, family, &child, PROBE_KERNEL,
		    "none: its child is not");
	probe_child(instance, USM_INHERIT_FORK, family, &child, PROBE_SERVED,
		    "fork: a child is served");
	probe_child(instance, USM_INHERIT_FORK, family, &grandchild,
		    PROBE_SERVED, "fork: a grandchild is served");
	probe_child(instance, USM_INHERIT_ALL, family, &child, PROBE_SERVED,
		    "all: a child is served");
}
