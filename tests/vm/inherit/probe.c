/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/client.h"
#include "inherit/inherit.h"
#include "lib/check.h"
#include "lib/pagemap.h"
#include "lib/pattern.h"

#define PROBE_PAGES 64
/* A fault that the policy answered too late is still one it was asked for. */
#define SERVED_PERCENT 90
#define HOME_LIMIT_MS 20000

#define WORD_BUFFER 0
#define WORD_PID 1

int probe(struct child *self)
{
	void *buffer = pattern_map(PROBE_PAGES * PAGE_BYTES);

	pattern_fill(buffer, 0, PROBE_PAGES, 1, 30);
	self->shared->word[WORD_BUFFER] = (uintptr_t)buffer;
	self->shared->word[WORD_PID] = (uint64_t)getpid();
	child_stop_at(self, STEP_PROBED);
	return pattern_bad(buffer, 0, PROBE_PAGES, 1, 30) != 0;
}

int image_execute(struct child *self, const char *path)
{
	char fd[16];

	snprintf(fd, sizeof(fd), "%d", self->shared_fd);
	execl(path, path, PROBE_ARGUMENT, fd, NULL);
	return -errno;
}

int image_main(int argc, char **argv)
{
	struct child self = { 0 };

	if (argc < 3 || child_resume(&self, atoi(argv[2])))
		return 2;
	if (!strcmp(argv[1], PROBE_ARGUMENT))
		return probe(&self);
	child_stop_at(&self, STEP_LAUNCH);
	return argc < 4 || image_execute(&self, argv[3]) ? 3 : 0;
}

enum probe_result probe_look(const struct instance *instance,
			     struct child *child)
{
	struct partition partition;
	struct placement place;
	struct pages pages;
	uint64_t start;
	pid_t pid;

	require(child_reached(child, STEP_PROBED), "the probe is written");
	start = child->shared->word[WORD_BUFFER];
	pid = (pid_t)child->shared->word[WORD_PID];
	require(!pages_read_range(pid, start, start + PROBE_PAGES * PAGE_BYTES,
				  &pages) &&
			!partition_read(instance->pid, &partition),
		"its pages can be found");
	pages_place(&pages, &partition, &place);
	pages_free(&pages);
	partition_free(&partition);
	child_let(child, STEP_PROBED);
	if (place.own * 100 >= PROBE_PAGES * SERVED_PERCENT)
		return PROBE_SERVED;
	return place.outside == PROBE_PAGES ? PROBE_KERNEL : PROBE_MIXED;
}

void probe_finish(const struct instance *instance, struct child *child,
		  enum probe_result expected, const char *what)
{
	check_eq(probe_look(instance, child), expected, "%s", what);
	check_eq(child_end(child, CHILD_LIMIT_MS), 0, "%s: data is right",
		 what);
	check(instance_all_free(instance->dev, instance->id, false,
				HOME_LIMIT_MS),
	      "%s: every frame is free again", what);
}

void probe_child(const struct instance *instance, enum usm_inherit inherit,
		 int (*main)(struct child *, void *), void *arg,
		 enum probe_result expected, const char *what)
{
	struct child child;

	child_start(&child, main, arg);
	require(child_reached(&child, 0) &&
			!usm_client_bind(instance->dev, instance->id,
					 child.pidfd, inherit, NULL),
		"%s: binds", what);
	child_let(&child, 0);
	probe_finish(instance, &child, expected, what);
}
