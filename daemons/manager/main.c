// SPDX-License-Identifier: MIT
/*
 * usm-manager - supervises policy daemons, wakes their workers, serves REST.
 *
 * One thread runs the event loop and owns all state; the waker is the only
 * other one and shares nothing with it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "access_log.h"
#include "common/client/device.h"
#include "log.h"
#include "manager.h"
#include "options.h"
#include "server/http.h"
#include "server/socket.h"
#include "store.h"
#include "waker/waker.h"

#define INSTANCE_BINARY "usm-instance"

struct program {
	struct usm_options options;
	struct usm_manager manager;
	struct usm_waker_thread *waker;
	struct usm_http *http;
	sd_event *event;
	char binary[512];
};

static int fail(const char *what, int ret)
{
	usm_log(LOG_ERR, "%s: %s", what, strerror(-ret));
	return ret;
}

static int find_binary(struct program *program)
{
	const char *given = program->options.instance_binary;
	ssize_t n;
	char *slash;

	if (given) {
		if (access(given, X_OK))
			return fail(given, -errno);
		program->manager.supervisor.instance_binary = given;
		return 0;
	}
	n = readlink("/proc/self/exe", program->binary,
		     sizeof(program->binary) - sizeof(INSTANCE_BINARY) - 1);
	if (n < 0)
		return fail("/proc/self/exe", -errno);
	program->binary[n] = 0;
	slash = strrchr(program->binary, '/');
	strcpy(slash ? slash + 1 : program->binary, INSTANCE_BINARY);
	if (access(program->binary, X_OK))
		return fail(program->binary, -errno);
	program->manager.supervisor.instance_binary = program->binary;
	return 0;
}

static int open_kernel(struct program *program)
{
	int ret = usm_client_open(NULL, &program->manager.device_fd);

	switch (ret) {
	case 0:
		break;
	case -ENOENT:
	case -ENXIO:
		usm_log(LOG_ERR,
			USM_DEVICE_PATH ": the module usm_lkmRM is not loaded");
		return ret;
	case -EPROTO:
		usm_log(LOG_ERR, USM_DEVICE_PATH
			": module and manager are of different versions");
		return ret;
	default:
		return fail(USM_DEVICE_PATH, ret);
	}
	ret = usm_waker_start(&usm_transport_futex, &program->waker);
	if (ret == -EBUSY)
		usm_log(LOG_ERR, "another manager is running");
	else if (ret)
		return fail("starting the waker", ret);
	return ret;
}

static int make_socket_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[256];

	if (!slash || slash == path)
		return 0;
	if ((size_t)(slash - path) >= sizeof(dir))
		return -ENAMETOOLONG;
	memcpy(dir, path, (size_t)(slash - path));
	dir[slash - path] = 0;
	return mkdir(dir, 0755) && errno != EEXIST ? -errno : 0;
}

static int on_http(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct program *program = data;

	(void)source;
	(void)fd;
	(void)events;
	usm_http_run(program->http);
	return 0;
}

static int start_http(struct program *program)
{
	const struct usm_service service = {
		.ops = &usm_manager_ops,
		.manager = &program->manager,
	};
	const char *path = program->options.socket;
	int fd, ret = make_socket_directory(path);

	if (!ret)
		ret = usm_socket_listen(path, &fd);
	if (!ret)
		ret = usm_http_new(fd, &service, usm_access_log, NULL,
				   &program->http);
	if (!ret)
		ret = sd_event_add_io(program->event, NULL,
				      usm_http_fd(program->http), EPOLLIN,
				      on_http, program);
	return ret < 0 ? fail(path, ret) : 0;
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info,
		   void *data)
{
	struct program *program = data;

	(void)source;
	usm_log(LOG_NOTICE, "ending on signal %u", info->ssi_signo);
	program->manager.supervisor.shutting_down = true;
	return 0;
}

static int start_events(struct program *program)
{
	int ret;
	sigset_t mask;

	/* Before any thread exists, so that all of them inherit it. */
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signal(SIGPIPE, SIG_IGN);
	ret = sd_event_default(&program->event);
	if (ret >= 0)
		ret = sd_event_add_signal(program->event, NULL, SIGTERM,
					  on_stop, program);
	if (ret >= 0)
		ret = sd_event_add_signal(program->event, NULL, SIGINT, on_stop,
					  program);
	return ret < 0 ? fail("event loop", ret) : 0;
}

static int start(struct program *program)
{
	struct usm_supervisor *supervisor = &program->manager.supervisor;
	int ret = find_binary(program);

	if (!ret)
		ret = start_events(program);
	if (!ret)
		ret = open_kernel(program);
	if (ret)
		return ret;
	supervisor->event = program->event;
	supervisor->device_fd = program->manager.device_fd;
	supervisor->state_dir = program->options.state_dir;
	ret = usm_store_open(supervisor->state_dir);
	if (!ret)
		ret = usm_supervisor_discover(supervisor);
	if (ret)
		return fail(supervisor->state_dir, ret);
	ret = start_http(program);
	if (ret)
		return ret;
	usm_log(LOG_INFO, "serving on %s", program->options.socket);
	sd_notify(0, "READY=1");
	return 0;
}

static int run(struct program *program)
{
	struct usm_supervisor *supervisor = &program->manager.supervisor;

	for (;;) {
		int ret = sd_event_run(program->event,
				       usm_http_timeout(program->http));

		if (ret < 0)
			return fail("event loop", ret);
		/* Replies that are ready now do not wait for another event. */
		usm_http_run(program->http);
		if (!supervisor->shutting_down)
			continue;
		usm_supervisor_shutdown(supervisor);
		if (usm_supervisor_idle(supervisor))
			return 0;
	}
}

static void stop(struct program *program)
{
	sd_notify(0, "STOPPING=1");
	if (program->http)
		unlink(program->options.socket);
	usm_supervisor_clear(&program->manager.supervisor);
	usm_http_free(program->http);
	usm_waker_stop(program->waker);
	sd_event_unref(program->event);
	if (program->manager.device_fd >= 0)
		close(program->manager.device_fd);
}

int main(int argc, char **argv)
{
	static struct program program = { .manager.device_fd = -1 };
	int ret;

	TAILQ_INIT(&program.manager.supervisor.instances);
	usm_options_parse(argc, argv, &program.options);
	ret = start(&program);
	if (!ret)
		ret = run(&program);
	stop(&program);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
