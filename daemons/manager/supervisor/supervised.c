// SPDX-License-Identifier: MIT
#include "supervised.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "common/cleanup.h"
#include "common/client/instances.h"
#include "common/client/members.h"
#include "exit_reason.h"
#include "log.h"
#include "lookup.h"
#include "ready.h"
#include "spawn.h"
#include "store.h"

/* Claiming a large partition scrubs it first; then a daemon is up at once. */
#define START_TIMEOUT_US (20ULL * 1000000)

/* A daemon that does not end when asked to is killed. */
#define STOP_TIMEOUT_US (3ULL * 1000000)

/* Timers may be this late, so that the kernel can batch them. */
#define TIMER_SLACK_US 10000

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void drop_source(sd_event_source **source)
{
	*source = sd_event_source_disable_unref(*source);
}

static void drop_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static unsigned int free_uid(const struct usm_supervisor *supervisor)
{
	for (unsigned int uid = USM_INSTANCE_UID_FIRST + 1;; uid++) {
		const struct usm_supervised *other;

		TAILQ_FOREACH(other, &supervisor->instances, link)
		if (other->uid == uid)
			break;
		if (!other)
			return uid;
	}
}

struct usm_supervised *
usm_supervised_new(struct usm_supervisor *supervisor,
		   const struct usm_config *config,
		   void (*ended)(struct usm_supervised *instance,
				 uint64_t ran_ms, bool was_ready))
{
	struct usm_supervised *instance = calloc(1, sizeof(*instance));

	if (!instance)
		return NULL;
	instance->supervisor = supervisor;
	instance->ended = ended;
	instance->config = *config;
	instance->state = USM_CP_STARTING;
	instance->pidfd = -1;
	instance->ready_fd = -1;
	instance->uid = free_uid(supervisor);
	TAILQ_INSERT_TAIL(&supervisor->instances, instance, link);
	return instance;
}

static void forget_daemon(struct usm_supervised *instance)
{
	drop_source(&instance->exit_source);
	drop_source(&instance->ready_source);
	drop_source(&instance->timer);
	drop_fd(&instance->pidfd);
	drop_fd(&instance->ready_fd);
	instance->pid = 0;
	instance->timed_out = false;
}

void usm_supervised_free(struct usm_supervised *instance)
{
	forget_daemon(instance);
	TAILQ_REMOVE(&instance->supervisor->instances, instance, link);
	free(instance);
}

void usm_supervised_answer(struct usm_supervised *instance,
			   const struct usm_problem *problem)
{
	usm_cp_done done = instance->done;
	void *token = instance->token;

	instance->done = NULL;
	instance->token = NULL;
	if (done)
		done(token, problem);
}

static int on_exit_event(sd_event_source *source, int fd, uint32_t events,
			 void *data)
{
	struct usm_supervised *instance = data;
	uint64_t ran_ms = (now_us() - instance->started_us) / 1000;
	bool was_ready = instance->ready_fd < 0;
	siginfo_t info = { 0 };

	(void)source;
	(void)events;
	/* ECHILD: an earlier manager's child, whose end nobody tells us. */
	if (waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG))
		snprintf(instance->last_exit, sizeof(instance->last_exit),
			 "ended; started by an earlier manager");
	else if (!info.si_pid)
		return 0;
	else
		usm_exit_reason(&info, instance->last_exit,
				sizeof(instance->last_exit));
	if (instance->timed_out)
		snprintf(instance->last_exit, sizeof(instance->last_exit),
			 "killed: not ready within %llu s",
			 START_TIMEOUT_US / 1000000);
	usm_log(LOG_NOTICE, "instance %s: daemon %d %s", instance->config.name,
		(int)instance->pid, instance->last_exit);
	forget_daemon(instance);
	instance->ended(instance, ran_ms, was_ready);
	return 0;
}

static int on_ready_event(sd_event_source *source, int fd, uint32_t events,
			  void *data)
{
	struct usm_supervised *instance = data;
	char line[USM_READY_LINE_MAX];
	unsigned int id;
	ssize_t n = read(fd, line, sizeof(line));

	(void)source;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	drop_source(&instance->ready_source);
	/* One line is one write, and pipes keep short writes whole. */
	if (n <= 0 || usm_ready_parse(line, (size_t)n, &id)) {
		/* It ends by itself, or the timer kills it. */
		return 0;
	}
	drop_fd(&instance->ready_fd);
	/* The timer is then the one that ends it. */
	if (instance->state == USM_CP_DRAINING)
		return 0;
	drop_source(&instance->timer);
	instance->state = USM_CP_RUNNING;
	usm_log(LOG_INFO, "instance %s: daemon %d serves as kernel instance %u",
		instance->config.name, (int)instance->pid, id);
	usm_supervised_answer(instance, NULL);
	return 0;
}

static int kill_daemon(struct usm_supervised *instance, int signal)
{
	return pidfd_send_signal(instance->pidfd, signal, NULL, 0);
}

static int on_start_timeout(sd_event_source *source, uint64_t usec, void *data)
{
	struct usm_supervised *instance = data;

	(void)source;
	(void)usec;
	instance->timed_out = true;
	kill_daemon(instance, SIGKILL);
	return 0;
}

static int on_stop_timeout(sd_event_source *source, uint64_t usec, void *data)
{
	struct usm_supervised *instance = data;

	(void)source;
	(void)usec;
	usm_log(LOG_WARNING, "instance %s: daemon %d did not end, killing it",
		instance->config.name, (int)instance->pid);
	kill_daemon(instance, SIGKILL);
	return 0;
}

static int on_restart(sd_event_source *source, uint64_t usec, void *data)
{
	struct usm_supervised *instance = data;
	struct usm_problem problem;

	(void)source;
	(void)usec;
	drop_source(&instance->timer);
	instance->restarts++;
	instance->state = USM_CP_RECOVERING;
	if (!usm_supervised_start(instance, &problem))
		return 0;
	usm_log(LOG_ERR, "instance %s: %s", instance->config.name,
		problem.detail);
	instance->state = USM_CP_FAILED;
	snprintf(instance->last_exit, sizeof(instance->last_exit), "%.*s",
		 (int)sizeof(instance->last_exit) - 1, problem.detail);
	usm_supervised_restart_later(instance, 0);
	return 0;
}

static int set_timer(struct usm_supervised *instance, uint64_t delay_us,
		     sd_event_time_handler_t handler)
{
	drop_source(&instance->timer);
	return sd_event_add_time_relative(
		instance->supervisor->event, &instance->timer, CLOCK_MONOTONIC,
		delay_us, TIMER_SLACK_US, handler, instance);
}

void usm_supervised_restart_later(struct usm_supervised *instance,
				  uint64_t ran_ms)
{
	unsigned int ms = usm_backoff_after(&instance->backoff, ran_ms);

	if (set_timer(instance, (uint64_t)ms * 1000, on_restart) < 0)
		usm_log(LOG_ERR, "instance %s: no timer, it stays down",
			instance->config.name);
	else
		usm_log(LOG_NOTICE, "instance %s: starting again in %u ms",
			instance->config.name, ms);
}

static int open_cgroup(struct usm_supervised *instance, int *fd,
		       struct usm_problem *problem)
{
	const struct usm_config *config = &instance->config;
	struct usm_cgroup_limits limits = {
		.memory_max = config->cgroup_memory_max,
		.cpu_percent = config->cgroup_cpu_percent,
	};
	char reason[USM_CGROUP_REASON_SIZE];

	if (!usm_cgroup_create(config->name, &limits, fd, reason))
		return 0;
	if (limits.memory_max || limits.cpu_percent)
		return usm_problem_set(problem, USM_PROBLEM_CGROUP_FAILED,
				       "the limits cannot be applied: %s",
				       reason);
	usm_log(LOG_WARNING, "instance %s: runs in the manager's cgroup: %s",
		config->name, reason);
	*fd = -1;
	return 0;
}

/* Takes the child over, also on failure: then it is killed. */
static int watch_child(struct usm_supervised *instance, struct usm_child *child)
{
	sd_event *event = instance->supervisor->event;
	int ret;

	instance->pid = child->pid;
	instance->pidfd = child->pidfd;
	instance->ready_fd = child->ready_fd;
	instance->started_us = now_us();
	ret = sd_event_add_io(event, &instance->exit_source, child->pidfd,
			      EPOLLIN, on_exit_event, instance);
	if (ret >= 0)
		ret = sd_event_add_io(event, &instance->ready_source,
				      child->ready_fd, EPOLLIN, on_ready_event,
				      instance);
	/* A line that is there when the daemon has died is still read first. */
	if (ret >= 0)
		ret = sd_event_source_set_priority(instance->ready_source,
						   SD_EVENT_PRIORITY_IMPORTANT);
	if (ret >= 0)
		ret = set_timer(instance, START_TIMEOUT_US, on_start_timeout);
	if (ret >= 0)
		return 0;
	kill_daemon(instance, SIGKILL);
	waitid(P_PIDFD, (id_t)instance->pidfd, NULL, WEXITED);
	forget_daemon(instance);
	return ret;
}

int usm_supervised_start(struct usm_supervised *instance,
			 struct usm_problem *problem)
{
	const struct usm_supervisor *supervisor = instance->supervisor;
	char config_path[USM_STORE_PATH_SIZE];
	struct usm_spawn spawn = {
		.binary = supervisor->instance_binary,
		.config_path = config_path,
		.uid = instance->uid,
	};
	usm_auto_fd cgroup_fd = -1;
	struct usm_child child;
	int ret;

	if (open_cgroup(instance, &cgroup_fd, problem))
		return -1;
	spawn.cgroup_fd = cgroup_fd;
	ret = usm_store_path(supervisor->state_dir, instance->config.name,
			     config_path);
	if (!ret)
		ret = usm_spawn(&spawn, &child);
	if (!ret)
		ret = watch_child(instance, &child);
	if (ret)
		return usm_problem_set(problem, USM_PROBLEM_START_FAILED,
				       "the daemon could not be started: %s",
				       strerror(-ret));
	return 0;
}

int usm_supervised_adopt(struct usm_supervised *instance, pid_t pid)
{
	struct usm_instance_info info;
	int pidfd, ret = usm_client_pidfd(pid, &pidfd);

	if (ret)
		return ret;
	/* Still the daemon now that the number cannot change hands? */
	ret = usm_lookup_live(instance->supervisor->device_fd,
			      instance->config.name, &info);
	if (!ret &&
	    (!usm_lookup_has_daemon(&info) || info.daemon_pid != (uint32_t)pid))
		ret = -ESRCH;
	if (!ret)
		ret = sd_event_add_io(instance->supervisor->event,
				      &instance->exit_source, pidfd, EPOLLIN,
				      on_exit_event, instance);
	if (ret < 0) {
		close(pidfd);
		return ret;
	}
	instance->pid = pid;
	instance->pidfd = pidfd;
	instance->started_us = now_us();
	instance->state = USM_CP_RUNNING;
	return 0;
}

void usm_supervised_stop(struct usm_supervised *instance)
{
	instance->state = USM_CP_DRAINING;
	kill_daemon(instance, SIGTERM);
	/* Stopped by a debugger or an administrator, it would not see it. */
	kill_daemon(instance, SIGCONT);
	if (set_timer(instance, STOP_TIMEOUT_US, on_stop_timeout) < 0)
		kill_daemon(instance, SIGKILL);
}

int usm_supervised_dissolve(struct usm_supervised *instance)
{
	const struct usm_supervisor *supervisor = instance->supervisor;
	const char *name = instance->config.name;
	struct usm_instance_info info;
	int ret = usm_lookup_live(supervisor->device_fd, name, &info);

	if (!ret)
		ret = usm_client_destroy(supervisor->device_fd, info.instance);
	if (ret && ret != -ENOENT && ret != -ENODEV)
		return ret;
	ret = usm_cgroup_remove(name);
	if (ret)
		usm_log(LOG_WARNING, "instance %s: its cgroup stays: %s", name,
			strerror(-ret));
	return 0;
}
