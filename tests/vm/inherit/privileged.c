/* SPDX-License-Identifier: MIT */
/*
 * A policy daemon can read and write its members' memory: who gains rights, or
 * hides its memory, is not served any more.
 */
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "inherit/inherit.h"
#include "lib/check.h"

#define NOBODY 65534
#define ORDINARY_PATH "/tmp/inherit-ordinary"
#define SETUID_PATH "/tmp/inherit-setuid"
#define SETGID_PATH "/tmp/inherit-setgid"

static int become_nobody(void)
{
	return setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY);
}

/* A copy of this program, since the host's file system is read-only. */
static bool copy_program(const char *from, const char *to, mode_t mode)
{
	usm_auto_fd in = open(from, O_RDONLY | O_CLOEXEC);
	usm_auto_fd out = -1;
	struct stat st;
	ssize_t n = 1;

	unlink(to);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	if (in < 0 || out < 0 || fstat(in, &st))
		return false;
	while (n > 0)
		n = sendfile(out, in, NULL, (size_t)st.st_size);
	return !n && !fchown(out, 0, 0) && !fchmod(out, mode);
}

/* An ordinary image of another user, which then executes the next. */
static int launch(struct child *self, void *next)
{
	char fd[16];

	if (become_nobody())
		return 3;
	snprintf(fd, sizeof(fd), "%d", self->shared_fd);
	execl(ORDINARY_PATH, ORDINARY_PATH, LAUNCH_ARGUMENT, fd, next, NULL);
	return 3;
}

static void try_image(const struct instance *instance, const char *next,
		      enum probe_result expected, const char *what)
{
	struct usm_instance_info info;
	struct child child;

	child_start(&child, launch, (void *)(uintptr_t)next);
	child_let(&child, 0);
	require(child_reached(&child, STEP_LAUNCH), "%s: launches", what);
	require(!instance_bind(instance, &child, NULL), "%s: binds", what);
	child_let(&child, STEP_LAUNCH);
	require(child_reached(&child, STEP_PROBED), "%s: runs", what);
	instance_info(instance->dev, instance->id, &info);
	check_eq(info.nr_members, expected == PROBE_SERVED,
		 "%s: members of the instance", what);
	probe_finish(instance, &child, expected, what);
}

static int lose_credentials(struct child *self, void *arg)
{
	(void)arg;
	return become_nobody() ? 3 : probe(self);
}

static int hide_memory(struct child *self, void *arg)
{
	(void)arg;
	return prctl(PR_SET_DUMPABLE, 0) ? 3 : probe(self);
}

void test_privileged(const struct instance *instance, const char *program)
{
	require(copy_program(program, ORDINARY_PATH, 0755) &&
			copy_program(program, SETUID_PATH, 04755) &&
			copy_program(program, SETGID_PATH, 02755),
		"copies of this program");
	try_image(instance, ORDINARY_PATH, PROBE_SERVED,
		  "ordinary image of a user");
	try_image(instance, SETUID_PATH, PROBE_KERNEL, "setuid image");
	try_image(instance, SETGID_PATH, PROBE_KERNEL, "setgid image");
	probe_child(instance, USM_INHERIT_ALL, lose_credentials, NULL,
		    PROBE_KERNEL, "member that changes its user");
	probe_child(instance, USM_INHERIT_ALL, hide_memory, NULL, PROBE_KERNEL,
		    "member that makes itself undumpable");
}
