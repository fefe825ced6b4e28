// SPDX-License-Identifier: MIT
#include "supervisor.h"

#include <errno.h>
#include <string.h>

#include "common/client/device.h"
#include "common/client/instances.h"
#include "common/frame_size.h"
#include "common/size.h"
#include "log.h"
#include "lookup.h"
#include "store.h"
#include "supervised.h"

struct usm_supervised *usm_supervisor_find(struct usm_supervisor *supervisor,
					   const char *name)
{
	struct usm_supervised *instance;

	TAILQ_FOREACH(instance, &supervisor->instances, link)
	{
		if (!strcmp(instance->config.name, name))
			return instance;
	}
	return NULL;
}

/* Pool bytes that daemons on their way up are going to claim. */
static uint64_t bytes_promised(const struct usm_supervisor *supervisor)
{
	const struct usm_supervised *instance;
	uint64_t bytes = 0;

	TAILQ_FOREACH(instance, &supervisor->instances, link)
	{
		struct usm_instance_info info;

		if (instance->state == USM_CP_STARTING &&
		    usm_lookup_live(supervisor->device_fd,
				    instance->config.name, &info))
			bytes += instance->config.memory_bytes;
	}
	return bytes;
}

/*
 * What no instance has yet, and how much of that is promised.  Instances being
 * made are in no list: what they have already is promised all the same.
 */
static int pool_left(const struct usm_supervisor *supervisor, uint64_t *left,
		     uint64_t *promised)
{
	struct usm_info before, after;
	int ret = usm_client_info(supervisor->device_fd, &before);

	while (!ret) {
		*promised = bytes_promised(supervisor);
		ret = usm_client_info(supervisor->device_fd, &after);
		if (ret || (before.free_frames == after.free_frames &&
			    before.starting_frames == after.starting_frames))
			break;
		before = after;
	}
	if (!ret)
		*left = ((uint64_t)after.free_frames + after.starting_frames)
			<< USM_FRAME_SHIFT;
	return ret;
}

static int check_pool(const struct usm_supervisor *supervisor, uint64_t wanted,
		      struct usm_problem *problem)
{
	char want[USM_SIZE_TEXT], have[USM_SIZE_TEXT];
	uint64_t left, promised;
	int ret = pool_left(supervisor, &left, &promised);

	if (ret)
		return usm_problem_set(problem, USM_PROBLEM_INTERNAL,
				       "the kernel does not answer: %s",
				       strerror(-ret));
	left = left > promised ? left - promised : 0;
	if (wanted <= left)
		return 0;
	usm_size_format(wanted, want, sizeof(want));
	usm_size_format(left, have, sizeof(have));
	return usm_problem_set(problem, USM_PROBLEM_POOL_TOO_FULL,
			       "%s wanted, %s left in the pool", want, have);
}

static int check_create(struct usm_supervisor *supervisor,
			const struct usm_config *config,
			struct usm_problem *problem)
{
	struct usm_instance_info info;
	struct usm_info module;

	if (supervisor->shutting_down)
		return usm_problem_set(problem, USM_PROBLEM_SHUTTING_DOWN,
				       "try again when the manager is back");
	if (usm_supervisor_find(supervisor, config->name) ||
	    !usm_lookup_live(supervisor->device_fd, config->name, &info))
		return usm_problem_set(problem, USM_PROBLEM_NAME_TAKEN,
				       "there is an instance \"%s\" already",
				       config->name);
	if (!usm_client_info(supervisor->device_fd, &module) &&
	    module.nr_instances >= USM_INSTANCES_MAX)
		return usm_problem_set(
			problem, USM_PROBLEM_TOO_MANY_INSTANCES,
			"there are %u already, the most there can be",
			module.nr_instances);
	return check_pool(supervisor, config->memory_bytes, problem);
}

static void undo_create(struct usm_supervised *instance)
{
	struct usm_supervisor *supervisor = instance->supervisor;

	usm_supervised_dissolve(instance);
	usm_store_remove(supervisor->state_dir, instance->config.name);
	usm_supervised_free(instance);
}

/* The daemon is gone: gives the rest back and answers. */
static void finish_destroy(struct usm_supervised *instance)
{
	struct usm_supervisor *supervisor = instance->supervisor;
	struct usm_problem problem = { 0 };
	int ret = usm_supervised_dissolve(instance);

	if (!ret) {
		ret = usm_store_remove(supervisor->state_dir,
				       instance->config.name);
		if (ret)
			usm_log(LOG_ERR, "instance %s: its file stays: %s",
				instance->config.name, strerror(-ret));
		usm_supervised_answer(instance, NULL);
		usm_supervised_free(instance);
		return;
	}
	if (ret == -EBUSY)
		usm_problem_set(&problem, USM_PROBLEM_INSTANCE_IN_USE,
				"a process was bound meanwhile");
	else
		usm_problem_set(&problem, USM_PROBLEM_INTERNAL,
				"the kernel keeps the instance: %s",
				strerror(-ret));
	instance->state = USM_CP_RECOVERING;
	usm_supervised_restart_later(instance, 0);
	usm_supervised_answer(instance, &problem);
}

static void create_failed(struct usm_supervised *instance)
{
	struct usm_problem problem = { 0 };
	usm_cp_done done = instance->done;
	void *token = instance->token;
	char reason[sizeof(instance->last_exit)];
	struct usm_supervisor *supervisor = instance->supervisor;
	uint64_t wanted = instance->config.memory_bytes;

	memcpy(reason, instance->last_exit, sizeof(reason));
	undo_create(instance);
	/* Somebody else may have claimed what was free a moment ago. */
	if (!check_pool(supervisor, wanted, &problem))
		usm_problem_set(&problem, USM_PROBLEM_START_FAILED,
				"its daemon %s before it was ready", reason);
	if (done)
		done(token, &problem);
}

static void daemon_ended(struct usm_supervised *instance, uint64_t ran_ms,
			 bool was_ready)
{
	if (instance->state == USM_CP_STARTING && instance->done) {
		create_failed(instance);
		return;
	}
	if (instance->state == USM_CP_DRAINING && instance->done) {
		finish_destroy(instance);
		return;
	}
	if (instance->state == USM_CP_DRAINING) {
		if (usm_supervised_dissolve(instance))
			usm_log(LOG_NOTICE,
				"instance %s: left to the next manager",
				instance->config.name);
		instance->state = USM_CP_STOPPED;
		return;
	}
	instance->state = USM_CP_FAILED;
	if (!instance->supervisor->shutting_down)
		usm_supervised_restart_later(instance, was_ready ? ran_ms : 0);
}

void usm_supervisor_create(struct usm_supervisor *supervisor,
			   const struct usm_config *config, usm_cp_done done,
			   void *token)
{
	struct usm_supervised *instance;
	struct usm_problem problem = { 0 };
	int ret;

	if (check_create(supervisor, config, &problem)) {
		done(token, &problem);
		return;
	}
	instance = usm_supervised_new(supervisor, config, daemon_ended);
	ret = instance ? usm_store_save(supervisor->state_dir, config)
		       : -ENOMEM;
	if (ret)
		usm_problem_set(&problem, USM_PROBLEM_INTERNAL,
				"the configuration cannot be saved: %s",
				strerror(-ret));
	else if (!usm_supervised_start(instance, &problem)) {
		instance->done = done;
		instance->token = token;
		return;
	}
	if (instance)
		undo_create(instance);
	done(token, &problem);
}

/* An instance that runs without a manager, or whose file was lost. */
static int destroy_unmanaged(struct usm_supervisor *supervisor,
			     const char *name, struct usm_problem *problem)
{
	struct usm_instance_info info;
	int ret = usm_lookup_live(supervisor->device_fd, name, &info);

	if (!ret && usm_lookup_has_daemon(&info))
		return usm_problem_set(
			problem, USM_PROBLEM_NOT_MANAGED,
			"its daemon, process %u, was started by somebody else",
			info.daemon_pid);
	if (!ret)
		ret = usm_client_destroy(supervisor->device_fd, info.instance);
	if (!ret)
		return 0;
	if (ret == -EBUSY)
		return usm_problem_set(problem, USM_PROBLEM_INSTANCE_IN_USE,
				       "%u processes are bound to \"%s\"",
				       info.nr_members, name);
	return usm_problem_set(problem, USM_PROBLEM_NO_SUCH_INSTANCE,
			       "there is no instance \"%s\"", name);
}

static int check_destroy(struct usm_supervised *instance,
			 struct usm_problem *problem)
{
	struct usm_instance_info info;

	if (instance->done || instance->state == USM_CP_STARTING ||
	    instance->state == USM_CP_DRAINING)
		return usm_problem_set(problem, USM_PROBLEM_INSTANCE_BUSY,
				       "it is %s",
				       usm_cp_state_name(instance->state));
	if (!usm_lookup_live(instance->supervisor->device_fd,
			     instance->config.name, &info) &&
	    info.nr_members)
		return usm_problem_set(problem, USM_PROBLEM_INSTANCE_IN_USE,
				       "%u processes are bound to \"%s\"",
				       info.nr_members, instance->config.name);
	return 0;
}

void usm_supervisor_destroy(struct usm_supervisor *supervisor, const char *name,
			    usm_cp_done done, void *token)
{
	struct usm_supervised *instance = usm_supervisor_find(supervisor, name);
	struct usm_problem problem = { 0 };
	int ret;

	if (!instance) {
		ret = destroy_unmanaged(supervisor, name, &problem);
		done(token, ret ? &problem : NULL);
		return;
	}
	if (check_destroy(instance, &problem)) {
		done(token, &problem);
		return;
	}
	instance->done = done;
	instance->token = token;
	if (instance->pid)
		usm_supervised_stop(instance);
	else
		finish_destroy(instance);
}

static void take_up(void *data, const char *file,
		    const struct usm_config *config, const char *reason)
{
	struct usm_supervisor *supervisor = data;
	struct usm_supervised *instance;
	struct usm_instance_info info;
	struct usm_problem problem;

	if (!config) {
		usm_log(LOG_ERR, "state file %s is set aside: %s", file,
			reason);
		return;
	}
	instance = usm_supervised_new(supervisor, config, daemon_ended);
	if (!instance) {
		usm_log(LOG_ERR, "instance %s: out of memory", config->name);
		return;
	}
	if (!usm_lookup_live(supervisor->device_fd, config->name, &info) &&
	    usm_lookup_has_daemon(&info) &&
	    !usm_supervised_adopt(instance, (pid_t)info.daemon_pid)) {
		usm_log(LOG_INFO, "instance %s: daemon %u goes on",
			config->name, info.daemon_pid);
		return;
	}
	instance->state = USM_CP_RECOVERING;
	if (usm_supervised_start(instance, &problem)) {
		usm_log(LOG_ERR, "instance %s: %s", config->name,
			problem.detail);
		instance->state = USM_CP_FAILED;
		usm_supervised_restart_later(instance, 0);
	}
}

int usm_supervisor_discover(struct usm_supervisor *supervisor)
{
	return usm_store_load(supervisor->state_dir, take_up, supervisor);
}

void usm_supervisor_shutdown(struct usm_supervisor *supervisor)
{
	struct usm_supervised *instance;

	supervisor->shutting_down = true;
	TAILQ_FOREACH(instance, &supervisor->instances, link)
	{
		struct usm_instance_info info;

		instance->timer = instance->pid ? instance->timer
						: sd_event_source_disable_unref(
							  instance->timer);
		if (!instance->pid || instance->done ||
		    instance->state == USM_CP_DRAINING)
			continue;
		if (!usm_lookup_live(supervisor->device_fd,
				     instance->config.name, &info) &&
		    info.nr_members) {
			usm_log(LOG_NOTICE,
				"instance %s: %u processes are bound, its daemon goes on",
				instance->config.name, info.nr_members);
			continue;
		}
		usm_supervised_stop(instance);
	}
}

bool usm_supervisor_idle(const struct usm_supervisor *supervisor)
{
	const struct usm_supervised *instance;

	TAILQ_FOREACH(instance, &supervisor->instances, link)
	{
		if (instance->done ||
		    (instance->pid && instance->state == USM_CP_DRAINING))
			return false;
	}
	return true;
}

void usm_supervisor_clear(struct usm_supervisor *supervisor)
{
	struct usm_supervised *instance;

	while ((instance = TAILQ_FIRST(&supervisor->instances)))
		usm_supervised_free(instance);
}
