/* SPDX-License-Identifier: MIT */
#include "instance/reaper/reaper.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "instance/reaper/messages.h"
#include "instance/reaper/process.h"
#include "instance/worker/backoff.h"

struct usm_reaper {
	int socket;
	pid_t pid;
	uint64_t killed_at;
	void (*told)(const struct usm_reaped *reaped);
};

static int launch(const char *device, uid_t uid, gid_t gid,
		  struct usm_reaper *reaper)
{
	struct usm_reaper_process process = {
		.device = device,
		.uid = uid,
		.gid = gid,
		.daemon = getpid(),
	};
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	reaper->pid = fork();
	if (!reaper->pid) {
		process.socket = ends[1];
		usm_reaper_process(&process);
	}
	close(ends[1]);
	if (reaper->pid < 0) {
		close(ends[0]);
		return -errno;
	}
	reaper->socket = ends[0];
	return 0;
}

/* What its first word is. */
static int hear_of_start(const struct usm_reaper *reaper)
{
	struct usm_reaper_started started;
	ssize_t n;

	do
		n = recv(reaper->socket, &started, sizeof(started), 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(started))
		return n < 0 ? -errno : -EPIPE;
	return started.error;
}

int usm_reaper_start(const char *device, uid_t uid, gid_t gid,
		     struct usm_reaper **out, struct usm_failure *failure)
{
	struct usm_reaper *reaper = calloc(1, sizeof(*reaper));
	int err = reaper ? 0 : -ENOMEM;

	if (!err) {
		err = launch(device, uid, gid, reaper);
		if (err) {
			free(reaper);
			reaper = NULL;
		}
	}
	if (!err)
		err = hear_of_start(reaper);
	if (err) {
		usm_reaper_stop(reaper);
		return usm_fail(failure, USM_EXIT_DENIED, -err,
				"policy.oom: the process that may kill members "
				"does not start: %s",
				strerror(-err));
	}
	*out = reaper;
	return 0;
}

static int say(const struct usm_reaper *reaper, uint32_t word,
	       uint32_t instance)
{
	const struct usm_reaper_request request = { word, instance };

	if (send(reaper->socket, &request, sizeof(request),
		 MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

int usm_reaper_serve(struct usm_reaper *reaper, uint32_t instance)
{
	return say(reaper, USM_REAPER_SERVE, instance);
}

void usm_reaper_ask(void *ctx)
{
	/* A full socket has such requests in it. */
	say(ctx, USM_REAPER_KILL, 0);
}

uint64_t usm_reaper_killed_at(void *ctx)
{
	const struct usm_reaper *reaper = ctx;

	return __atomic_load_n(&reaper->killed_at, __ATOMIC_RELAXED);
}

/* It is gone: there is something else in its place, which is never readable. */
static void forget(const struct usm_reaper *reaper)
{
	int silence = eventfd(0, EFD_CLOEXEC);

	if (silence < 0)
		return;
	dup2(silence, reaper->socket);
	close(silence);
}

static bool hear(void *ctx)
{
	struct usm_reaper *reaper = ctx;
	struct usm_reaped reaped;
	ssize_t n = recv(reaper->socket, &reaped, sizeof(reaped), MSG_DONTWAIT);

	if (n == (ssize_t)sizeof(reaped)) {
		__atomic_store_n(&reaper->killed_at, usm_now_ns(),
				 __ATOMIC_RELAXED);
		reaper->told(&reaped);
	} else if (n >= 0 || (errno != EAGAIN && errno != EINTR)) {
		forget(reaper);
	}
	return false;
}

void usm_reaper_source(struct usm_reaper *reaper,
		       void (*told)(const struct usm_reaped *reaped),
		       struct usm_control_source *source)
{
	reaper->told = told;
	*source = (struct usm_control_source){
		.fd = reaper->socket,
		.ready = hear,
		.ctx = reaper,
	};
}

void usm_reaper_stop(struct usm_reaper *reaper)
{
	if (!reaper)
		return;
	close(reaper->socket);
	while (waitpid(reaper->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(reaper);
}
