/* SPDX-License-Identifier: MIT */
#include "instance/reaper/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/client/device.h"
#include "common/client/instances.h"
#include "common/client/members.h"
#include "instance/privileges.h"
#include "instance/reaper/messages.h"
#include "instance/reaper/reaper.h"
#include "instance/reaper/victim.h"
#include "instance/worker/backoff.h"

/* Members asked for at once, and looked at: more have few frames each. */
#define MEMBERS_BATCH 128U

/* Where its two descriptors are put, all others being closed. */
#define SOCKET_FD 3
#define DEVICE_FD 4

/* The largest of all members; false: there is none. */
static bool find(uint32_t instance, pid_t daemon, struct usm_member_info *out)
{
	struct usm_member_info info[MEMBERS_BATCH];
	uint32_t after = 0, nr;
	bool found = false;

	for (;;) {
		const struct usm_member_info *victim;

		nr = MEMBERS_BATCH;
		if (usm_client_members(DEVICE_FD, instance, after, info, &nr) ||
		    !nr)
			return found;
		victim = usm_reaper_victim(info, nr, daemon, getpid());
		if (victim && (!found || victim->mapped > out->mapped)) {
			*out = *victim;
			found = true;
		}
		after = info[nr - 1].member;
	}
}

/* Is the process behind a pidfd, which was opened after, that member? */
static bool is_member(uint32_t instance, const struct usm_member_info *wanted)
{
	struct usm_member_info info;
	uint32_t nr = 1;

	return !usm_client_members(DEVICE_FD, instance, wanted->member - 1,
				   &info, &nr) &&
	       nr && info.member == wanted->member && info.pid == wanted->pid &&
	       info.start_time_ns == wanted->start_time_ns;
}

/*
 * Is the daemon still the instance's?  One that gave up its claim could have
 * members of whoever has the instance's number now killed.  It cannot get it
 * back: as it is now it was before.
 */
static bool is_served(uint32_t instance, pid_t daemon)
{
	struct usm_instance_info info;
	uint32_t nr = 1;

	return !usm_client_list(DEVICE_FD, instance, &info, &nr) && nr &&
	       info.instance == instance && info.daemon_pid == (uint32_t)daemon;
}

/* A number may be another process by now; a pidfd and a second look tell. */
static bool kill_largest(uint32_t instance, pid_t daemon,
			 struct usm_reaped *reaped)
{
	struct usm_member_info victim;
	usm_auto_fd pidfd = -1;

	if (!find(instance, daemon, &victim) ||
	    usm_client_pidfd(victim.pid, &pidfd) ||
	    !is_member(instance, &victim) || !is_served(instance, daemon) ||
	    syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0))
		return false;
	*reaped = (struct usm_reaped){
		.pid = victim.pid,
		.member = victim.member,
		.frames = victim.mapped,
	};
	memcpy(reaped->comm, victim.comm, sizeof(reaped->comm) - 1);
	return true;
}

static bool receive(struct usm_reaper_request *request)
{
	ssize_t n;

	do
		n = recv(SOCKET_FD, request, sizeof(*request), 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*request);
}

static void serve(pid_t daemon)
{
	struct usm_reaper_request request;
	struct usm_reaped reaped;
	uint64_t last = 0, now;
	uint32_t instance;

	if (!receive(&request) || request.word != USM_REAPER_SERVE)
		return;
	instance = request.instance;
	while (receive(&request)) {
		now = usm_now_ns();
		if (request.word != USM_REAPER_KILL ||
		    (last && now - last < USM_REAPER_PAUSE_NS) ||
		    !kill_largest(instance, daemon, &reaped))
			continue;
		last = now;
		send(SOCKET_FD, &reaped, sizeof(reaped),
		     MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

/* Nothing else that the daemon has open, or will have, is held here. */
static int keep_only(int socket, int device)
{
	int high = fcntl(device, F_DUPFD_CLOEXEC, 64);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (high < 0 || null < 0 || dup2(socket, SOCKET_FD) < 0 ||
	    dup2(high, DEVICE_FD) < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 ||
	    close_range(DEVICE_FD + 1, ~0U, 0))
		return -errno;
	return 0;
}

/* *out: where the daemon is spoken to from now on. */
static int start(const struct usm_reaper_process *process, int *out)
{
	/* Out of the way of both numbers. */
	int socket = fcntl(process->socket, F_DUPFD_CLOEXEC, 64);
	int device = -1, err;

	if (socket < 0)
		return -errno;
	err = usm_client_open(process->device, &device);
	if (!err)
		err = keep_only(socket, device);
	if (!err) {
		*out = SOCKET_FD;
		err = usm_privileges_keep_kill(process->uid, process->gid,
					       NULL);
	}
	/* Other ids undo it, so not before. */
	if (!err && prctl(PR_SET_PDEATHSIG, SIGKILL))
		err = -errno;
	prctl(PR_SET_NAME, "usmReaper");
	return err;
}

void usm_reaper_process(const struct usm_reaper_process *process)
{
	int socket = process->socket;
	struct usm_reaper_started started = {
		.error = start(process, &socket),
	};

	if (send(socket, &started, sizeof(started), MSG_NOSIGNAL) ==
		    (ssize_t)sizeof(started) &&
	    !started.error && getppid() == process->daemon)
		serve(process->daemon);
	_exit(0);
}
