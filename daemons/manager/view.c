// SPDX-License-Identifier: MIT
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "common/cleanup.h"
#include "common/client/device.h"
#include "common/client/mappings.h"
#include "common/frame_size.h"
#include "latency.h"
#include "lookup.h"
#include "process.h"
#include "supervisor/cgroup.h"
#include "supervisor/supervised.h"

static uint64_t frames_to_bytes(uint64_t frames)
{
	return frames << USM_FRAME_SHIFT;
}

static int kernel_problem(struct usm_problem *problem, int ret)
{
	return usm_problem_set(problem, USM_PROBLEM_INTERNAL,
			       "the kernel does not answer: %s",
			       strerror(-ret));
}

int usm_view_ready(const struct usm_manager *manager,
		   struct usm_problem *problem)
{
	struct usm_info info;
	int ret = usm_client_info(manager->device_fd, &info);

	if (ret)
		return usm_problem_set(problem, USM_PROBLEM_NOT_READY,
				       "the kernel does not answer: %s",
				       strerror(-ret));
	if (manager->supervisor.shutting_down)
		return usm_problem_set(problem, USM_PROBLEM_SHUTTING_DOWN,
				       "the manager is ending");
	return 0;
}

int usm_view_info(const struct usm_manager *manager, struct usm_cp_info *out,
		  struct usm_problem *problem)
{
	struct usm_info info;
	struct utsname system;
	int ret = usm_client_info(manager->device_fd, &info);

	if (ret)
		return kernel_problem(problem, ret);
	uname(&system);
	memset(out, 0, sizeof(*out));
	snprintf(out->kernel, sizeof(out->kernel), "%s", system.release);
	snprintf(out->backend, sizeof(out->backend), "%.*s",
		 (int)sizeof(info.backend), info.backend);
	out->abi = info.abi;
	out->features = info.features;
	out->waker = info.waker;
	return 0;
}

int usm_view_pool(const struct usm_manager *manager, struct usm_cp_pool *out,
		  struct usm_problem *problem)
{
	struct usm_info info;
	int ret = usm_client_info(manager->device_fd, &info);

	if (ret)
		return kernel_problem(problem, ret);
	memcpy(out->backend, info.backend, sizeof(out->backend));
	out->backend[sizeof(out->backend) - 1] = 0;
	out->bytes = frames_to_bytes(info.pool_frames);
	out->free = frames_to_bytes(info.free_frames);
	return 0;
}

void usm_view_kernel(const struct usm_instance_info *info,
		     struct usm_cp_instance *out)
{
	out->id = info->instance;
	out->daemon_pid = (pid_t)info->daemon_pid;
	out->owned = frames_to_bytes(info->owned);
	out->mapped = frames_to_bytes(info->frames[USM_FRAME_MAPPED]);
	out->granted = frames_to_bytes(info->frames[USM_FRAME_GRANTED]);
	out->storing = frames_to_bytes(info->frames[USM_FRAME_EVICTING]);
	out->bad = frames_to_bytes(info->frames[USM_FRAME_QUARANTINED]);
	out->free = frames_to_bytes(info->frames[USM_FRAME_FREE] +
				    (uint64_t)info->frames[USM_FRAME_HOME]);
	out->evicted = frames_to_bytes(info->evicted);
	out->faults = info->faults;
	out->faults_range = info->range;
	out->faults_magazine = info->magazine;
	out->upcalls = info->upcalls;
	for (int i = 0; i < USM_FALLBACK_REASONS; i++)
		out->fallbacks[i] = info->fallbacks[i];
	out->evictions = info->evictions;
	out->swapins = info->swapins;
	out->retaken = info->retaken;
	out->around = info->around;
	out->freed = info->freed;
	out->bad_commands = info->bad_commands;
	out->wakes[USM_WAKE_KERNEL] = info->wakes_kernel;
	out->p50_ns = usm_latency_percentile(info->latency, 50);
	out->p99_ns = usm_latency_percentile(info->latency, 99);
}

uint64_t usm_view_outside_pool(uint64_t anonymous, uint64_t mapped,
			       uint64_t fallbacks)
{
	uint64_t outside = anonymous > mapped ? anonymous - mapped : 0;
	uint64_t explained = frames_to_bytes(fallbacks);

	return outside < explained ? outside : explained;
}

/* Counts the daemon's page keeps; for show only, so it may hold anything. */
static void add_doorbell_wakes(int device_fd, struct usm_cp_instance *out)
{
	struct usm_channel *page;

	if (usm_client_map_doorbell(device_fd, out->id, &page))
		return;
	for (int i = 0; i < USM_WORKERS_MAX; i++) {
		for (int s = 0; s < USM_WAKE_SOURCES; s++) {
			if (s != USM_WAKE_KERNEL)
				out->wakes[s] += __atomic_load_n(
					&page->doorbell[i].wakes[s],
					__ATOMIC_RELAXED);
		}
	}
	usm_client_unmap(page, USM_FRAME_BYTES);
}

static void fill_member(const struct usm_member_info *info,
			struct usm_cp_member *out, uint64_t *outside_pool)
{
	uint64_t all = 0, anonymous = 0;

	out->pid = info->pid;
	out->start_time = info->start_time_ns;
	memcpy(out->comm, info->comm, sizeof(out->comm));
	out->inherit = (enum usm_inherit)info->inherit;
	out->mapped = frames_to_bytes(info->mapped);
	out->evicted = frames_to_bytes(info->evicted);
	out->faults = info->faults;
	out->faults_range = info->range;
	out->faults_magazine = info->magazine;
	out->upcalls = info->upcalls;
	out->fallbacks = info->fallbacks;
	out->evictions = info->evictions;
	out->swapins = info->swapins;
	if (usm_process_resident(info->pid, &all, &anonymous))
		return;
	out->unmanaged = all > out->mapped ? all - out->mapped : 0;
	*outside_pool +=
		usm_view_outside_pool(anonymous, out->mapped, info->fallbacks);
}

static int add_members(int device_fd, struct usm_cp_instance *out)
{
	usm_auto_free struct usm_member_info *infos = NULL;
	size_t nr = 0;
	int ret = usm_lookup_members(device_fd, out->id, &infos, &nr);

	if (ret || !nr)
		return ret;
	out->members = calloc(nr, sizeof(*out->members));
	if (!out->members)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		/* Gone but for frames that are still out: no process to show. */
		if (infos[i].pid)
			fill_member(&infos[i], &out->members[out->nr_members++],
				    &out->outside_pool);
	}
	return 0;
}

/* Unmanaged, so the kernel's word is all there is. */
static enum usm_cp_state kernel_state(const struct usm_instance_info *info)
{
	switch (info->state) {
	case USM_INSTANCE_ATTACHED:
		return USM_CP_RUNNING;
	case USM_INSTANCE_QUARANTINED:
		return USM_CP_QUARANTINED;
	default:
		return USM_CP_FAILED;
	}
}

static void fill_supervised(const struct usm_supervised *instance,
			    struct usm_cp_instance *out)
{
	out->config = instance->config;
	out->managed = true;
	out->state = instance->state;
	out->daemon_pid = instance->pid;
	out->restarts = instance->restarts;
	memcpy(out->last_exit, instance->last_exit, sizeof(out->last_exit));
	usm_cgroup_read(instance->config.name, &out->cgroup);
}

static int fill(struct usm_manager *manager, const char *name,
		const struct usm_instance_info *info,
		struct usm_cp_instance *out)
{
	const struct usm_supervised *instance =
		usm_supervisor_find(&manager->supervisor, name);
	int ret = 0;

	memset(out, 0, sizeof(*out));
	strcpy(out->config.name, name);
	if (info) {
		usm_view_kernel(info, out);
		out->state = kernel_state(info);
		if (usm_lookup_has_daemon(info))
			add_doorbell_wakes(manager->device_fd, out);
		ret = add_members(manager->device_fd, out);
	}
	if (instance)
		fill_supervised(instance, out);
	/* Its process runs, which is all that the supervisor sees. */
	if (info && info->state == USM_INSTANCE_QUARANTINED &&
	    out->state == USM_CP_RUNNING)
		out->state = USM_CP_QUARANTINED;
	return ret;
}

int usm_view_get(struct usm_manager *manager, const char *name,
		 struct usm_cp_instance *out, struct usm_problem *problem)
{
	struct usm_instance_info info;
	int ret = usm_lookup_live(manager->device_fd, name, &info);

	if (ret && ret != -ENOENT)
		return kernel_problem(problem, ret);
	if (ret && !usm_supervisor_find(&manager->supervisor, name))
		return usm_problem_set(problem, USM_PROBLEM_NO_SUCH_INSTANCE,
				       "there is no instance \"%s\"", name);
	ret = fill(manager, name, ret ? NULL : &info, out);
	if (ret) {
		usm_cp_instance_clear(out);
		return kernel_problem(problem, ret);
	}
	return 0;
}

static bool in_kernel(const struct usm_instance_info *infos, size_t nr,
		      const char *name)
{
	for (size_t i = 0; i < nr; i++) {
		if (infos[i].state != USM_INSTANCE_DYING &&
		    !strcmp(infos[i].name, name))
			return true;
	}
	return false;
}

static int fill_all(struct usm_manager *manager,
		    const struct usm_instance_info *infos, size_t nr_infos,
		    struct usm_cp_instance *out, size_t *nr)
{
	const struct usm_supervised *instance;
	int ret = 0;

	for (size_t i = 0; !ret && i < nr_infos; i++) {
		if (infos[i].state != USM_INSTANCE_DYING)
			ret = fill(manager, infos[i].name, &infos[i],
				   &out[(*nr)++]);
	}
	TAILQ_FOREACH(instance, &manager->supervisor.instances, link)
	{
		const char *name = instance->config.name;

		if (!ret && !in_kernel(infos, nr_infos, name))
			ret = fill(manager, name, NULL, &out[(*nr)++]);
	}
	return ret;
}

int usm_view_list(struct usm_manager *manager, struct usm_cp_instance **out,
		  size_t *nr, struct usm_problem *problem)
{
	usm_auto_free struct usm_instance_info *infos = NULL;
	const struct usm_supervised *instance;
	struct usm_cp_instance *all;
	size_t nr_infos = 0, found = 0, room;
	int ret = usm_lookup_all(manager->device_fd, &infos, &nr_infos);

	if (ret)
		return kernel_problem(problem, ret);
	room = nr_infos + 1;
	TAILQ_FOREACH(instance, &manager->supervisor.instances, link)
	room++;
	all = calloc(room, sizeof(*all));
	if (!all)
		return kernel_problem(problem, -ENOMEM);
	ret = fill_all(manager, infos, nr_infos, all, &found);
	if (ret) {
		usm_cp_instances_free(all, found);
		return kernel_problem(problem, ret);
	}
	*out = all;
	*nr = found;
	return 0;
}
