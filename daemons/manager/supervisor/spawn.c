// SPDX-License-Identifier: MIT
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"

#define EXEC_FAILED 127

/* Ours alone: a daemon that took it over would speak to systemd for us. */
static const char *const private_variables[] = {
	"NOTIFY_SOCKET=",  "LISTEN_PID=",   "LISTEN_FDS=",
	"LISTEN_FDNAMES=", "WATCHDOG_PID=", "WATCHDOG_USEC="
};

static bool is_private(const char *variable)
{
	for (size_t i = 0;
	     i < sizeof(private_variables) / sizeof(private_variables[0]);
	     i++) {
		if (!strncmp(variable, private_variables[i],
			     strlen(private_variables[i])))
			return true;
	}
	return false;
}

/* Owned by the caller; the strings are still the environment's. */
static char **make_environment(void)
{
	size_t nr = 0, kept = 0;
	char **copy;

	while (environ[nr])
		nr++;
	copy = calloc(nr + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < nr; i++) {
		if (!is_private(environ[i]))
			copy[kept++] = environ[i];
	}
	return copy;
}

/* Only async-signal-safe calls: the waker thread may have held any lock. */
static void __attribute__((noreturn))
run_child(const struct usm_spawn *spawn, char *const *argv,
	  char *const *environment, int ready_fd)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);

	if (null > 0)
		dup2(null, STDIN_FILENO);
	setsid();
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	fcntl(ready_fd, F_SETFD, 0);
	execve(spawn->binary, argv, environment);
	_exit(EXEC_FAILED);
}

static pid_t clone_child(int cgroup_fd, int *pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
	};

	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

int usm_spawn(const struct usm_spawn *spawn, struct usm_child *child)
{
	char uid[16], ready[16];
	usm_auto_free char **environment = make_environment();
	usm_auto_fd read_end = -1, write_end = -1;
	int ends[2], pidfd = -1;
	pid_t pid;

	if (!environment)
		return -ENOMEM;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	read_end = ends[0];
	write_end = ends[1];
	if (fcntl(read_end, F_SETFL, O_NONBLOCK))
		return -errno;
	snprintf(uid, sizeof(uid), "%u", spawn->uid);
	snprintf(ready, sizeof(ready), "%d", write_end);
	{
		char *argv[] = { "usm-instance",
				 "--managed",
				 "--config",
				 (char *)spawn->config_path,
				 "--uid",
				 uid,
				 "--gid",
				 uid,
				 "--ready-fd",
				 ready,
				 NULL };

		pid = clone_child(spawn->cgroup_fd, &pidfd);
		if (pid < 0)
			return -errno;
		if (!pid)
			run_child(spawn, argv, environment, write_end);
	}
	child->pid = pid;
	child->pidfd = pidfd;
	child->ready_fd = usm_steal_fd(&read_end);
	return 0;
}
