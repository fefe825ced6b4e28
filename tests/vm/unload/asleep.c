/* SPDX-License-Identifier: MIT */
/* Tasks asleep in faults that are not the module's business. */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/raw_daemon.h"
#include "unload/module.h"
#include "unload/sleepers.h"
#include "unload/unload.h"

#define FRAMES 256
/* A thousand tasks. */
#define PROCESSES 8
#define THREADS 125
/*
 * The module tells members from others by a hash of 1024 values first; among
 * so many of both some surely share one (all but one time in a thousand).
 */
#define NEIGHBOURS 64
#define MEMBERS 112

/* Unloads while they sleep, and wakes them even if that hangs. */
static void unload_meanwhile(struct sleepers *sleepers, const char *what)
{
	struct unloading unloading;

	unloading_start(&unloading);
	check(unloading_ended(&unloading, UNLOAD_LIMIT_MS),
	      "%s: unloading ends while they sleep", what);
	check_eq(sleepers_end(sleepers), 0, "%s: their data is right", what);
	check_eq(unloading_join(&unloading), 0, "%s: unloading works", what);
	check(!module_left_traces(), "%s: it leaves nothing behind", what);
	if (access("/sys/module/usm_lkmRM", F_OK))
		require(!module_load(NULL), "%s: it loads again", what);
}

void test_asleep_untagged(void)
{
	struct sleepers sleepers;

	sleepers_start(&sleepers, PROCESSES, THREADS, NULL, NULL);
	unload_meanwhile(&sleepers, "untagged tasks in faults");
}

static pid_t start_idle(void)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static int bind_pid(const struct raw_daemon *daemon, pid_t pid)
{
	int pidfd, err = usm_client_pidfd(pid, &pidfd);

	if (err)
		return err;
	err = usm_client_bind(daemon->dev, daemon->claim.instance, pidfd,
			      USM_INHERIT_ALL, NULL);
	close(pidfd);
	return err;
}

void test_asleep_in_shared_buckets(void)
{
	struct sleepers sleepers;
	struct raw_daemon daemon;
	pid_t member[MEMBERS];
	unsigned int i, bound = 0;

	for (i = 0; i < MEMBERS; i++)
		member[i] = start_idle();
	raw_daemon_open(&daemon, "buckets", FRAMES, 0, 100);
	for (i = 0; i < MEMBERS; i++)
		bound += !bind_pid(&daemon, member[i]);
	check_eq(bound, MEMBERS, "many processes are bound");
	sleepers_start(&sleepers, NEIGHBOURS, 2, NULL, NULL);
	for (i = 0; i < MEMBERS; i++) {
		kill(member[i], SIGKILL);
		waitpid(member[i], NULL, 0);
	}
	raw_daemon_close(&daemon);
	unload_meanwhile(&sleepers, "tasks that share a hash with members");
}

struct bound {
	struct raw_daemon *daemon;
	int error;
	pid_t pid;
};

static void bind_first(pid_t pid, void *arg)
{
	struct bound *bound = arg;

	bound->error = bind_pid(bound->daemon, pid);
	bound->pid = pid;
}

/* Bound when they fell asleep, not bound any more when the module goes. */
void test_asleep_once_tagged(void)
{
	struct raw_daemon daemon;
	struct bound bound = { .daemon = &daemon };
	struct sleepers sleepers;
	int pidfd, err;

	raw_daemon_open(&daemon, "once", FRAMES, 0, 100);
	sleepers_start(&sleepers, 1, PROCESSES, bind_first, &bound);
	require(!bound.error, "a process is bound before it sleeps");
	require(!usm_client_pidfd(bound.pid, &pidfd), "its pidfd");
	check_eq(usm_client_unbind(daemon.dev, daemon.claim.instance, pidfd), 0,
		 "it is unbound in its sleep");
	close(pidfd);
	check_eq(usm_client_destroy(daemon.dev, daemon.claim.instance), 0,
		 "its instance is destroyed");
	raw_daemon_close(&daemon);

	err = module_unload();
	check(err == 0 || err == -EAGAIN,
	      "unloading works, or is refused while they sleep (%d)", err);
	check_eq(sleepers_end(&sleepers), 0, "their data is right");
	if (err)
		check_eq(module_unload_soon(UNLOAD_LIMIT_MS), 0,
			 "then it unloads");
	check(!module_left_traces(), "and leaves nothing behind");
	require(!module_load(NULL), "it loads again");
}
