/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/client.h"
#include "inject/inject.h"
#include "lib/check.h"
#include "lib/file.h"
#include "lib/wait.h"

#define GROUP "/sys/fs/cgroup/usm-inject"
#define LIMIT_MS 10000

struct moving {
	struct swapper *swapper;
	struct child child;
	uint32_t member;
	int cgroup_fd;
};

static uint32_t id_of(const struct moving *moving)
{
	return moving->swapper->daemon.claim.instance;
}

static int fd_of(const struct moving *moving)
{
	return moving->swapper->daemon.dev;
}

static int run_bind(void *with)
{
	struct moving *moving = with;
	int member = swapper_bind(moving->swapper, moving->child.pidfd,
				  USM_INHERIT_ALL);

	if (member < 0)
		return member;
	moving->member = (uint32_t)member;
	return 0;
}

static void undo_bind(void *with)
{
	struct moving *moving = with;

	check_eq(usm_client_unbind(fd_of(moving), id_of(moving),
				   moving->child.pidfd),
		 0, "it is unbound");
}

static int run_bind_cgroup(void *with)
{
	struct moving *moving = with;
	struct usm_bind_cgroup out;
	int err = usm_client_bind_cgroup(fd_of(moving), id_of(moving),
					 moving->cgroup_fd, USM_INHERIT_ALL,
					 &out);

	/* One that could not be tagged was skipped, and is counted. */
	if (!err && out.bound + out.skipped != 1)
		return -EPROTO;
	return err;
}

static void undo_bind_cgroup(void *with)
{
	struct moving *moving = with;

	check_eq(usm_client_unbind_cgroup(fd_of(moving), id_of(moving),
					  moving->cgroup_fd, NULL),
		 0, "the cgroup is unbound");
}

/* From wherever the last one stopped. */
static int run_adopt(void *with)
{
	struct moving *moving = with;
	struct usm_adopt step = { .instance = id_of(moving),
				  .member = moving->member };
	int err;

	/* Frames are given out meanwhile. */
	turns_take(&moving->swapper->lock);
	do
		err = usm_client_adopt(fd_of(moving), &step);
	while (!err && step.addr);
	turns_leave(&moving->swapper->lock);
	return err;
}

static int run_drain(void *with)
{
	struct moving *moving = with;
	struct usm_unbind step = { 0 };
	int err;

	do
		err = usm_client_drain(fd_of(moving), id_of(moving),
				       moving->child.pidfd, &step);
	while (!err && step.addr);
	return err;
}

static void undo_adopt(void *with)
{
	check_eq(run_drain(with), 0, "it is drained");
	check_eq(run_bind(with), 0, "and bound");
}

static void undo_drain(void *with)
{
	check_eq(run_bind(with), 0, "it is bound");
	check_eq(run_adopt(with), 0, "and adopted");
}

/* The swapper's list of free frames knows nothing of adopted ones. */
static void resync(struct moving *moving)
{
	check_eq(swapper_resize(moving->swapper, INJECT_FRAMES, NULL), 0,
		 "the free frames are counted");
}

void test_moving(struct swapper *swapper)
{
	static const struct operation bind = { "bind", run_bind, undo_bind,
					       NULL };
	static const struct operation bind_cgroup = { "bind a cgroup",
						      run_bind_cgroup,
						      undo_bind_cgroup, NULL };
	static const struct operation adopt = { "adopt", run_adopt, undo_adopt,
						NULL };
	static const struct operation drain = { "drain", run_drain, undo_drain,
						NULL };
	struct moving moving = { .swapper = swapper };
	char pid[16];

	child_start(&moving.child, keeper_main, NULL);
	child_let(&moving.child, 0);
	require(child_reached(&moving.child, 1), "a process has its pages");
	inject_all(&bind, &moving);

	snprintf(pid, sizeof(pid), "%d", (int)moving.child.pid);
	require(!mkdir(GROUP, 0755) && !file_write(GROUP "/cgroup.procs", pid),
		"a cgroup of its own");
	moving.cgroup_fd = open(GROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	inject_all(&bind_cgroup, &moving);
	close(moving.cgroup_fd);

	require(!run_bind(&moving), "it is bound");
	inject_all(&adopt, &moving);
	check_eq(run_adopt(&moving), 0, "it is adopted");
	inject_all(&drain, &moving);
	check(keeper_right(&moving.child, 1), "its pages are right");
	resync(&moving);
	keeper_end(&moving.child, 2);
	check(wait_until(LIMIT_MS, !rmdir(GROUP)), "the cgroup is empty");
}
