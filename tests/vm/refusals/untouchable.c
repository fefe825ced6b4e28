/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/file.h"
#include "lib/instance.h"
#include "refusals/refusals.h"

static int bind_pid(const struct instance *instance, pid_t pid)
{
	int pidfd = -1, err = usm_client_pidfd(pid, &pidfd);

	if (err)
		return err;
	err = usm_client_bind(instance->dev, instance->id, pidfd,
			      USM_INHERIT_ALL, NULL);
	close(pidfd);
	return err;
}

/* Has the waker, as the manager does. */
static int be_waker(struct child *self, void *arg)
{
	int fd = device_open();

	(void)arg;
	if (usm_client_waker(fd))
		return 1;
	child_stop_at(self, 1);
	return 0;
}

static void bind_waker(const struct instance *instance)
{
	struct child waker;
	int fd;

	child_start(&waker, be_waker, NULL);
	child_let(&waker, 0);
	require(child_reached(&waker, 1), "a waker registers");
	check_eq(instance_bind(instance, &waker, NULL), -EPERM,
		 "bind the waker's process");
	fd = device_open();
	check_eq(usm_client_waker(fd), -EBUSY, "a second waker");
	close(fd);
	child_let(&waker, 1);
	check_eq(child_end(&waker, CHILD_LIMIT_MS), 0, "the waker ends");
}

/* A member that wants to be a daemon. */
static int promote(struct child *self, void *arg)
{
	struct usm_claim claim = { .name = "promoted", .frames = 16 };
	int fd = device_open();

	(void)self;
	(void)arg;
	check_eq(usm_client_claim(fd, &claim), -EPERM, "a member's claim");
	check_eq(usm_client_waker(fd), -EPERM, "a member as the waker");
	close(fd);
	return 0;
}

static void bind_wrongly(const struct instance *instance)
{
	struct child child, dead;
	int pidfd = -1;

	child_start(&child, child_pause, NULL);
	check_eq(usm_client_bind(instance->dev, instance->id, -1,
				 USM_INHERIT_ALL, NULL),
		 -EBADF, "bind without a descriptor");
	check_eq(usm_client_bind(instance->dev, instance->id, instance->dev,
				 USM_INHERIT_ALL, NULL),
		 -EBADF, "bind a descriptor that is no pidfd");
	check_eq(usm_client_bind(instance->dev, 0, child.pidfd, USM_INHERIT_ALL,
				 NULL),
		 -ENODEV, "bind to instance 0");
	check_eq(usm_client_bind(instance->dev, USM_INSTANCES_MAX + 1,
				 child.pidfd, USM_INHERIT_ALL, NULL),
		 -ENODEV, "bind to an instance beyond the last");
	check_eq(usm_client_bind(instance->dev, instance->id, child.pidfd,
				 USM_INHERIT_NONE + 1, NULL),
		 -EINVAL, "bind with unknown inheritance");
	check_eq(usm_client_unbind(instance->dev, instance->id, child.pidfd),
		 -ENOENT, "unbind what is not bound");
	check_eq(instance_bind(instance, &child, NULL), 0, "bind rightly");
	check_eq(instance_bind(instance, &child, NULL), -EBUSY, "bind twice");
	check_eq(usm_client_unbind(instance->dev, instance->id, child.pidfd), 0,
		 "unbind");
	check_eq(usm_client_unbind(instance->dev, instance->id, child.pidfd),
		 -ENOENT, "unbind twice");
	child_kill(&child);

	child_start(&dead, child_pause, NULL);
	usm_client_pidfd(dead.pid, &pidfd);
	child_kill(&dead);
	check_eq(usm_client_bind(instance->dev, instance->id, pidfd,
				 USM_INHERIT_ALL, NULL),
		 -ESRCH, "bind a process that is gone");
	close(pidfd);
}

void test_untouchables(int dev)
{
	const struct instance_options options = {
		.name = "keeper",
		.memory = "4M",
	};
	const struct instance_options second = {
		.name = "other",
		.memory = "4M",
	};
	struct instance instance, other;
	struct usm_instance_info info;
	struct child child;

	instance_start(&instance, dev, &options);
	instance_start(&other, dev, &second);
	check_eq(bind_pid(&instance, 1), -EPERM, "bind init");
	check_eq(bind_pid(&instance, 2), -EPERM, "bind a kernel thread");
	check_eq(bind_pid(&instance, instance.pid), -EPERM,
		 "bind the instance's own daemon");
	check_eq(bind_pid(&instance, other.pid), -EPERM,
		 "bind another instance's daemon");
	bind_waker(&instance);
	bind_wrongly(&instance);

	child_start(&child, promote, NULL);
	check_eq(instance_bind(&instance, &child, NULL), 0, "a member");
	check_eq(instance_bind(&other, &child, NULL), -EBUSY,
		 "bind a member of another instance");
	child_let(&child, 0);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0, "the member ends");

	instance_info(dev, instance.id, &info);
	check_eq(info.nr_members, 0, "no member is left of all that");
	check_eq(instance_stop(&instance), 0, "the daemon ends cleanly");
	check_eq(instance_stop(&other), 0, "the other ends cleanly");
}
