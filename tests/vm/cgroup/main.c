/* SPDX-License-Identifier: MIT */
/*
 * Binding by cgroup: who is there, who is forked, moved or executed into it,
 * and who is left out.  That a process is a member shows in its pages: what it
 * touches lies in the partition.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/child.h"
#include "lib/file.h"
#include "lib/instance.h"
#include "lib/pagemap.h"
#include "lib/pattern.h"
#include "lib/wait.h"

#define LIMIT_S 150
#define ROOT "/sys/fs/cgroup/usm-bind"
#define INNER ROOT "/inner"
#define OUTSIDE "/sys/fs/cgroup/usm-other"
#define PAGES 64
#define SOON_MS 10000
#define HOME_LIMIT_MS 20000

#define WORD_BUFFER 0

static struct instance instance;
static int dev;

/* Waits, then touches a buffer, and waits to be looked at. */
static int touch(struct child *self, void *arg)
{
	void *buffer;

	if (arg)
		prctl(PR_SET_DUMPABLE, 0);
	child_stop_at(self, 1);
	buffer = pattern_map(PAGES * PAGE_BYTES);
	pattern_fill(buffer, 0, PAGES, 1, 5);
	self->shared->word[WORD_BUFFER] = (uint64_t)(uintptr_t)buffer;
	child_stop_at(self, 2);
	return pattern_bad(buffer, 0, PAGES, 1, 5) != 0;
}

static void join_group(const char *group, pid_t pid)
{
	char path[96], text[32];

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	snprintf(text, sizeof(text), "%d", (int)pid);
	require(!file_write(path, text), "a process joins %s", group);
}

static struct child start(const char *group, bool undumpable)
{
	struct child child;

	child_start(&child, touch, undumpable ? &child : NULL);
	child_let(&child, 0);
	require(child_reached(&child, 1), "a process starts");
	if (group)
		join_group(group, child.pid);
	return child;
}

/* How many of its buffer's pages are in the instance's partition; -1. */
static int own_pages(struct child *child)
{
	struct partition partition;
	struct placement place;
	struct pages pages;
	uint64_t base;

	child_let(child, 1);
	if (!child_reached(child, 2))
		return -1;
	base = child->shared->word[WORD_BUFFER];
	if (pages_read_range(child->pid, base, base + PAGES * PAGE_BYTES,
			     &pages))
		return -1;
	if (partition_read(instance.pid, &partition)) {
		pages_free(&pages);
		return -1;
	}
	pages_place(&pages, &partition, &place);
	pages_free(&pages);
	partition_free(&partition);
	return (int)place.own;
}

static void check_member(struct child *child, bool member, const char *what)
{
	check_eq(own_pages(child), member ? PAGES : 0,
		 member ? "%s is served from the partition"
			: "%s is not served",
		 what);
	child_let(child, 2);
	check_eq(child_end(child, CHILD_LIMIT_MS), 0, "%s: its data is right",
		 what);
}

static uint32_t members(void)
{
	struct usm_instance_info info = { 0 };

	instance_info(dev, instance.id, &info);
	return info.nr_members;
}

static int open_group(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	require(fd >= 0, "%s can be opened", path);
	return fd;
}

static void make_groups(void)
{
	require(!mkdir(ROOT, 0755) && !mkdir(INNER, 0755) &&
			!mkdir(OUTSIDE, 0755),
		"cgroups can be made");
}

static void test_errors(int group)
{
	struct usm_bind_cgroup bind = { .instance = instance.id,
					.cgroup_fd = group,
					.flags = 1 };
	int file = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	check(ioctl(dev, USM_IOC_BIND_CGROUP, &bind) < 0 && errno == EINVAL,
	      "an unknown flag is refused");
	bind.flags = 0;
	bind.inherit = USM_INHERIT_NONE + 1;
	check(ioctl(dev, USM_IOC_BIND_CGROUP, &bind) < 0 && errno == EINVAL,
	      "an unknown way to inherit is refused");
	check_eq(usm_client_bind_cgroup(dev, instance.id, file, USM_INHERIT_ALL,
					NULL),
		 -EBADF, "a directory of another file system is refused");
	check_eq(usm_client_bind_cgroup(dev, instance.id, -1, USM_INHERIT_ALL,
					NULL),
		 -EBADF, "no descriptor is refused");
	check_eq(
		usm_client_bind_cgroup(dev, 1000, group, USM_INHERIT_ALL, NULL),
		-ENODEV, "an instance that is not there is refused");
	check_eq(usm_client_unbind_cgroup(dev, instance.id, group, NULL),
		 -ENOENT, "unbinding what is not bound is refused");
	close(file);

	/* In a child: the privilege is gone for good. */
	if (!fork()) {
		if (setresuid(65534, 65534, 65534))
			_exit(2);
		err = usm_client_bind_cgroup(dev, instance.id, group,
					     USM_INHERIT_ALL, NULL);
		_exit(err == -EPERM ? 0 : 1);
	}
	wait(&err);
	check_eq(err, 0, "an unprivileged caller is refused");
}

static void test_list(int group)
{
	struct usm_cgroup_info info[4];
	uint32_t nr = 4;
	struct stat stat;

	fstat(group, &stat);
	check_eq(usm_client_cgroups(dev, 0, info, &nr), 0,
		 "bindings can be listed");
	check_eq(nr, 1, "there is one");
	check_eq(info[0].cgroup, stat.st_ino, "of that directory");
	check_eq(info[0].instance, instance.id, "to that instance");
	nr = 4;
	usm_client_cgroups(dev, info[0].id, info, &nr);
	check_eq(nr, 0, "and none after it");
}

/* fork() straight into the cgroup, as service managers do. */
static void test_fork_into(int group)
{
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)group,
	};
	uint32_t before = members();
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	require(pid > 0, "a child is made in the cgroup");
	check_eq(members(), before + 1, "it is a member before it first runs");
	kill(pid, SIGKILL);
	process_end(pid, SOON_MS);
}

/* A privileged image leaves room for an ordinary one. */
static int exec_after(struct child *self, void *arg)
{
	(void)arg;
	prctl(PR_SET_DUMPABLE, 0);
	child_stop_at(self, 1);
	execl("/bin/sleep", "sleep", "1000", NULL);
	return 1;
}

static void test_exec(void)
{
	uint32_t before = members();
	struct child child;

	child_start(&child, exec_after, NULL);
	child_let(&child, 0);
	require(child_reached(&child, 1), "a process starts");
	join_group(ROOT, child.pid);
	pause_ms(200);
	check_eq(members(), before, "who is not dumpable is left out");
	child_let(&child, 1);
	check(wait_until(SOON_MS, members() == before + 1),
	      "its next image, an ordinary one, is a member");
	child_kill(&child);
}

static void test_present_and_future(int group)
{
	struct child there[3], outside, moved, hidden, inner;
	struct usm_bind_cgroup bound;
	unsigned int i;

	for (i = 0; i < 3; i++)
		there[i] = start(i == 2 ? INNER : ROOT, false);
	outside = start(OUTSIDE, false);
	hidden = start(ROOT, true);
	check_eq(usm_client_bind_cgroup(dev, instance.id, group,
					USM_INHERIT_ALL, &bound),
		 0, "a cgroup is bound");
	check_eq(bound.bound, 3, "with the processes in it and below");
	check_eq(bound.skipped, 1, "but for one that is not dumpable");
	check_eq(usm_client_bind_cgroup(dev, instance.id, group,
					USM_INHERIT_ALL, NULL),
		 -EBUSY, "binding it twice is refused");
	test_list(group);

	moved = start(INNER, false);
	check(wait_until(SOON_MS, members() == 4), "who moves in is bound");
	inner = start(NULL, false);
	check_member(&there[0], true, "who was there");
	check_member(&there[1], true, "another");
	check_member(&there[2], true, "who was in a cgroup below");
	check_member(&outside, false, "who is elsewhere");
	check_member(&hidden, false, "who is not dumpable");
	check_member(&moved, true, "who moved in");
	check_member(&inner, false, "who stays outside");
	test_fork_into(group);
	test_exec();
}

/* A shell that starts programs, with nothing of ours in between. */
static void test_container(void)
{
	uint32_t before = members();
	char text[32];
	pid_t pid = fork();

	if (!pid) {
		snprintf(text, sizeof(text), "%d", (int)getpid());
		file_write(ROOT "/cgroup.procs", text);
		execl("/bin/sh", "sh", "-c", "sleep 1000 & sleep 1000 & wait",
		      NULL);
		_exit(1);
	}
	check(wait_until(SOON_MS, members() == before + 3),
	      "a shell and what it starts are members");
	file_write(ROOT "/cgroup.kill", "1");
	process_end(pid, SOON_MS);
	check(wait_until(SOON_MS, members() == before),
	      "and gone when they are killed");
}

static void test_unbind(int group)
{
	struct child child = start(ROOT, false), later;
	uint32_t unbound = 0;

	check(wait_until(SOON_MS, members() == 1), "a member");
	check_eq(usm_client_unbind_cgroup(dev, instance.id, group, &unbound), 0,
		 "the cgroup is unbound");
	check_eq(unbound, 1, "with the process in it");
	check_eq(members(), 0, "the instance has none left");
	later = start(ROOT, false);
	check_member(&child, false, "who was unbound");
	check_member(&later, false, "who comes later");
}

static void test_removed(void)
{
	struct usm_cgroup_info info;
	uint32_t nr = 1;
	int group;

	mkdir(ROOT "/gone", 0755);
	group = open_group(ROOT "/gone");
	check_eq(usm_client_bind_cgroup(dev, instance.id, group,
					USM_INHERIT_ALL, NULL),
		 0, "an empty cgroup is bound");
	close(group);
	check_eq(rmdir(ROOT "/gone"), 0, "and removed");
	check(wait_until(SOON_MS,
			 (nr = 1, !usm_client_cgroups(dev, 0, &info, &nr)) &&
				 nr == 0),
	      "which ends the binding");
}

/* At the end of the instance, too. */
static void test_destroyed(int group)
{
	struct usm_cgroup_info info;
	uint32_t nr = 1;

	check_eq(usm_client_bind_cgroup(dev, instance.id, group,
					USM_INHERIT_ALL, NULL),
		 0, "the cgroup is bound again");
	check(instance_all_free(dev, instance.id, false, HOME_LIMIT_MS),
	      "every frame is free");
	check_eq(instance_stop(&instance), 0, "the daemon ends");
	check(instance_gone(dev, instance.id, HOME_LIMIT_MS),
	      "and its instance with it");
	check(!usm_client_cgroups(dev, 0, &info, &nr) && nr == 0,
	      "which ends the binding");
}

int main(void)
{
	const struct instance_options options = {
		.name = "group",
		.memory = "16M",
		.deadline_ms = 5000,
	};
	int group;

	test_begin(LIMIT_S);
	dev = device_open();
	instance_start(&instance, dev, &options);
	make_groups();
	group = open_group(ROOT);
	test_errors(group);
	test_present_and_future(group);
	test_container();
	test_unbind(group);
	test_removed();
	test_destroyed(group);
	close(group);
	rmdir(INNER);
	rmdir(ROOT);
	rmdir(OUTSIDE);
	return test_end();
}
