/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/wait.h"
#include "refusals/refusals.h"

#define NOBODY 65534

static int open_error(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int read_error(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void become_nobody(void)
{
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		require(false, "becoming another user");
}

struct stage {
	int dev;
	uint32_t instance;
	pid_t victim;
};

/* With a descriptor that somebody passed on. */
static void try_ioctls(const struct stage *stage)
{
	struct usm_claim claim = { .frames = 16, .name = "stolen" };
	struct usm_instance_info info;
	struct usm_frame_info frame;
	struct usm_map_entry entry = { 0 };
	uint64_t rung[USM_RUNG_WORDS];
	uint32_t nr = 1, home;
	int pidfd = -1;

	usm_client_pidfd(stage->victim, &pidfd);
	check_eq(usm_client_list(stage->dev, 0, &info, &nr), 0,
		 "stranger: may list");
	check_eq(usm_client_claim(stage->dev, &claim), -EPERM,
		 "stranger: claim");
	check_eq(usm_client_bind(stage->dev, stage->instance, pidfd,
				 USM_INHERIT_ALL, NULL),
		 -EPERM, "stranger: bind");
	check_eq(usm_client_unbind(stage->dev, stage->instance, pidfd), -EPERM,
		 "stranger: unbind");
	check_eq(usm_client_destroy(stage->dev, stage->instance), -EPERM,
		 "stranger: destroy");
	check_eq(usm_client_waker(stage->dev), -EPERM, "stranger: waker");
	check_eq(usm_client_waker_wait(stage->dev, 0, rung), -EPERM,
		 "stranger: waker wait");
	check_eq(usm_client_worker(stage->dev, 0), -EPERM, "stranger: worker");
	check_eq(usm_client_map(stage->dev, &entry, 1, NULL), -EPERM,
		 "stranger: map");
	check_eq(usm_client_scan(stage->dev, &home), -EPERM, "stranger: scan");
	check_eq(usm_client_frames(stage->dev, 0, &frame, &nr), -EPERM,
		 "stranger: frames");
	close(pidfd);
}

static void try_mappings(const struct stage *stage)
{
	struct usm_channel *channel;
	void *slice;

	check_eq(usm_client_map_channel(stage->dev, 4096, &channel), -EPERM,
		 "stranger: channel mapping");
	check_eq(usm_client_map_slice(stage->dev, 0, 1, &slice), -EPERM,
		 "stranger: slice mapping");
	check_eq(usm_client_map_doorbell(stage->dev, stage->instance, &channel),
		 -EPERM, "stranger: doorbell mapping");
}

static int stranger(struct child *self, void *arg)
{
	const struct stage *stage = arg;

	(void)self;
	become_nobody();
	check_eq(open_error(USM_DEVICE_PATH), -EACCES, "stranger: device");
	check_eq(read_error(USM_PROC_EVENTS_PATH), -EPERM,
		 "stranger: /proc/usm");
	check_eq(read_error(USM_PROC_FREED_PATH), -EPERM,
		 "stranger: /proc/usmPgs");
	try_ioctls(stage);
	try_mappings(stage);
	return 0;
}

/* The claim's uid binds its own processes, not those of others. */
static int owner(struct child *self, void *arg)
{
	const struct stage *stage = arg;
	int pidfd = -1;
	pid_t own;

	(void)self;
	become_nobody();
	usm_client_pidfd(stage->victim, &pidfd);
	check_eq(usm_client_bind(stage->dev, stage->instance, pidfd,
				 USM_INHERIT_ALL, NULL),
		 -EPERM, "owner of the claim: a process of root");
	close(pidfd);
	own = fork();
	if (!own)
		_exit(child_pause(NULL, NULL));
	usm_client_pidfd(own, &pidfd);
	/* Not dumpable since its parent changed its user. */
	check_eq(usm_client_bind(stage->dev, stage->instance, pidfd,
				 USM_INHERIT_ALL, NULL),
		 -EPERM, "owner of the claim: a process that hides its memory");
	kill(own, SIGKILL);
	process_end(own, CHILD_LIMIT_MS);
	close(pidfd);
	return 0;
}

void test_stranger(int dev)
{
	const struct instance_options options = {
		.name = "victim",
		.memory = "4M",
	};
	struct instance instance;
	struct usm_claim claim = {
		.name = "owned",
		.frames = 16,
		.owner_uid = NOBODY,
	};
	struct child victim, actor;
	struct stage stage;
	int claim_fd;

	instance_start(&instance, dev, &options);
	child_start(&victim, child_pause, NULL);
	child_let(&victim, 0);

	stage = (struct stage){ dev, instance.id, victim.pid };
	child_start(&actor, stranger, &stage);
	child_let(&actor, 0);
	check_eq(child_end(&actor, CHILD_LIMIT_MS), 0, "the stranger ends");

	claim_fd = device_open();
	require(!usm_client_claim(claim_fd, &claim), "claim for another user");
	stage.instance = claim.instance;
	child_start(&actor, owner, &stage);
	child_let(&actor, 0);
	check_eq(child_end(&actor, CHILD_LIMIT_MS), 0, "the owner ends");
	close(claim_fd);

	child_kill(&victim);
	check_eq(instance_stop(&instance), 0, "the daemon ends cleanly");
}
