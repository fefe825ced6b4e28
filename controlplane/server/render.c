// SPDX-License-Identifier: MIT
#include "render.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binding_request.h"
#include "common/printable.h"
#include "names.h"

/* cJSON's own numbers are doubles and lose digits above 2^53. */
static bool add_u64(cJSON *object, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return cJSON_AddRawToObject(object, key, text);
}

static bool add_text(cJSON *object, const char *key, const char *text)
{
	return cJSON_AddStringToObject(object, key, text);
}

/* Takes item over, whatever happens. */
static bool add_item(cJSON *object, const char *key, cJSON *item)
{
	if (item && cJSON_AddItemToObject(object, key, item))
		return true;
	cJSON_Delete(item);
	return false;
}

static bool append_item(cJSON *array, cJSON *item)
{
	if (item && cJSON_AddItemToArray(array, item))
		return true;
	cJSON_Delete(item);
	return false;
}

static cJSON *finish(cJSON *object, bool ok)
{
	if (ok)
		return object;
	cJSON_Delete(object);
	return NULL;
}

/*
 * comm is whatever bytes the process chose; JSON has to be UTF-8, so anything
 * but ASCII becomes a question mark.
 */
static bool add_comm(cJSON *object, const char *comm, size_t size)
{
	char text[sizeof(((struct usm_cp_member *)0)->comm) + 1];

	usm_printable(text, comm, size);
	return add_text(object, "comm", text);
}

static cJSON *member_faults(const struct usm_cp_member *member)
{
	cJSON *object = cJSON_CreateObject();

	return finish(
		object,
		add_u64(object, "total", member->faults) &&
			add_u64(object, "range", member->faults_range) &&
			add_u64(object, "magazine", member->faults_magazine) &&
			add_u64(object, "upcall", member->upcalls) &&
			add_u64(object, "fallback", member->fallbacks));
}

static cJSON *member_paging(const struct usm_cp_member *member)
{
	cJSON *object = cJSON_CreateObject();

	return finish(object,
		      add_u64(object, "evictions", member->evictions) &&
			      add_u64(object, "swapins", member->swapins));
}

cJSON *usm_render_member(const struct usm_cp_member *member)
{
	cJSON *object = cJSON_CreateObject();

	return finish(
		object,
		add_u64(object, "pid", (uint64_t)member->pid) &&
			add_u64(object, "start_time", member->start_time) &&
			add_comm(object, member->comm, sizeof(member->comm)) &&
			add_text(object, "inherit",
				 usm_inherit_name(member->inherit)) &&
			add_u64(object, "mapped", member->mapped) &&
			add_u64(object, "evicted", member->evicted) &&
			add_u64(object, "unmanaged", member->unmanaged) &&
			add_item(object, "faults", member_faults(member)) &&
			add_item(object, "paging", member_paging(member)));
}

static cJSON *members(const struct usm_cp_instance *instance)
{
	cJSON *array = cJSON_CreateArray();
	bool ok = array;

	for (size_t i = 0; ok && i < instance->nr_members; i++)
		ok = append_item(array,
				 usm_render_member(&instance->members[i]));
	return finish(array, ok);
}

static cJSON *daemon_object(const struct usm_cp_instance *instance)
{
	cJSON *object = cJSON_CreateObject();
	bool ok = instance->daemon_pid ? add_u64(object, "pid",
						 (uint64_t)instance->daemon_pid)
				       : !!cJSON_AddNullToObject(object, "pid");

	ok = ok && add_u64(object, "restarts", instance->restarts) &&
	     (instance->last_exit[0]
		      ? add_text(object, "last_exit", instance->last_exit)
		      : !!cJSON_AddNullToObject(object, "last_exit"));
	return finish(object, ok);
}

static cJSON *memory(const struct usm_cp_instance *instance)
{
	cJSON *object = cJSON_CreateObject();

	return finish(object,
		      add_u64(object, "owned", instance->owned) &&
			      add_u64(object, "mapped", instance->mapped) &&
			      add_u64(object, "granted", instance->granted) &&
			      add_u64(object, "storing", instance->storing) &&
			      add_u64(object, "free", instance->free) &&
			      add_u64(object, "bad", instance->bad) &&
			      add_u64(object, "evicted", instance->evicted) &&
			      add_u64(object, "outside_pool",
				      instance->outside_pool));
}

static uint64_t sum(const uint64_t *values, size_t nr)
{
	uint64_t total = 0;

	for (size_t i = 0; i < nr; i++)
		total += values[i];
	return total;
}

static cJSON *faults(const struct usm_cp_instance *instance)
{
	cJSON *object = cJSON_CreateObject();

	return finish(
		object,
		add_u64(object, "total", instance->faults) &&
			add_u64(object, "range", instance->faults_range) &&
			add_u64(object, "magazine",
				instance->faults_magazine) &&
			add_u64(object, "upcall", instance->upcalls) &&
			add_u64(object, "fallback",
				sum(instance->fallbacks,
				    USM_FALLBACK_REASONS)));
}

static cJSON *paging(const struct usm_cp_instance *instance)
{
	cJSON *object = cJSON_CreateObject();

	return finish(object,
		      add_u64(object, "evictions", instance->evictions) &&
			      add_u64(object, "swapins", instance->swapins) &&
			      add_u64(object, "retaken", instance->retaken));
}

static cJSON *named_counts(const char *const *names, const uint64_t *values,
			   size_t nr)
{
	cJSON *object = cJSON_CreateObject();
	bool ok = object;

	for (size_t i = 0; ok && i < nr; i++)
		ok = add_u64(object, names[i], values[i]);
	return finish(object, ok);
}

static cJSON *latency(const struct usm_cp_instance *instance)
{
	cJSON *object = cJSON_CreateObject();

	return finish(object, add_u64(object, "p50", instance->p50_ns) &&
				      add_u64(object, "p99", instance->p99_ns));
}

static cJSON *cgroup(const struct usm_cp_cgroup *figures)
{
	cJSON *object;
	char share[16];
	bool ok;

	if (!figures->present)
		return cJSON_CreateNull();
	object = cJSON_CreateObject();
	ok = add_u64(object, "memory_current", figures->memory_current) &&
	     (figures->memory_max
		      ? add_u64(object, "memory_max", figures->memory_max)
		      : !!cJSON_AddNullToObject(object, "memory_max"));
	snprintf(share, sizeof(share), "%u%%", figures->cpu_max_percent);
	ok = ok &&
	     (figures->cpu_max_percent
		      ? add_text(object, "cpu_max", share)
		      : !!cJSON_AddNullToObject(object, "cpu_max")) &&
	     add_u64(object, "cpu_usage_us", figures->cpu_usage_us) &&
	     add_u64(object, "cpu_throttled_us", figures->cpu_throttled_us) &&
	     add_u64(object, "oom_kills", figures->oom_kills);
	return finish(object, ok);
}

static cJSON *config(const struct usm_cp_instance *instance)
{
	cJSON *object;

	if (!instance->managed)
		return cJSON_CreateNull();
	usm_config_print(&instance->config, &object);
	return object;
}

cJSON *usm_render_instance(const struct usm_cp_instance *instance)
{
	cJSON *object = cJSON_CreateObject();

	return finish(
		object,
		add_text(object, "name", instance->config.name) &&
			add_u64(object, "id", instance->id) &&
			add_text(object, "state",
				 usm_cp_state_name(instance->state)) &&
			cJSON_AddBoolToObject(object, "managed",
					      instance->managed) &&
			add_item(object, "config", config(instance)) &&
			add_item(object, "daemon", daemon_object(instance)) &&
			add_item(object, "memory", memory(instance)) &&
			add_item(object, "faults", faults(instance)) &&
			add_u64(object, "around", instance->around) &&
			add_item(object, "paging", paging(instance)) &&
			add_item(object, "fallback_reasons",
				 named_counts(usm_fallback_names,
					      instance->fallbacks,
					      USM_FALLBACK_REASONS)) &&
			add_u64(object, "freed", instance->freed) &&
			add_item(object, "latency_ns", latency(instance)) &&
			add_item(object, "wakes",
				 named_counts(usm_wake_names, instance->wakes,
					      USM_WAKE_SOURCES)) &&
			add_u64(object, "bad_commands",
				instance->bad_commands) &&
			add_item(object, "cgroup", cgroup(&instance->cgroup)) &&
			add_item(object, "members", members(instance)));
}

static cJSON *instance_array(const struct usm_cp_instance *instances, size_t nr)
{
	cJSON *array = cJSON_CreateArray();
	bool ok = array;

	for (size_t i = 0; ok && i < nr; i++)
		ok = append_item(array, usm_render_instance(&instances[i]));
	return finish(array, ok);
}

static int by_name(const void *one, const void *other)
{
	const struct usm_cp_instance *const *a = one, *const *b = other;

	return strcmp((*a)->config.name, (*b)->config.name);
}

/* The page's instances of those sorted; *more: some come after it. */
static cJSON *page_array(const struct usm_cp_instance *const *sorted, size_t nr,
			 const struct usm_paging *paging, const char **last)
{
	cJSON *array = cJSON_CreateArray();
	bool ok = array;
	size_t i = 0, end;

	while (i < nr && strcmp(sorted[i]->config.name, paging->after) <= 0)
		i++;
	end = nr - i > paging->limit ? i + paging->limit : nr;
	*last = end < nr ? sorted[end - 1]->config.name : NULL;
	for (; ok && i < end; i++)
		ok = append_item(array, usm_render_instance(sorted[i]));
	return finish(array, ok);
}

static bool add_next(cJSON *object, const char *last, unsigned int limit)
{
	char next[128];

	if (!last)
		return cJSON_AddNullToObject(object, "next");
	snprintf(next, sizeof(next), "/v1/instances?limit=%u&after=%s", limit,
		 last);
	return add_text(object, "next", next);
}

cJSON *usm_render_instances(const struct usm_cp_instance *instances, size_t nr,
			    const struct usm_paging *paging)
{
	const struct usm_cp_instance **sorted =
		calloc(nr ? nr : 1, sizeof(*sorted));
	cJSON *object = cJSON_CreateObject();
	const char *last = NULL;
	bool ok = sorted;

	for (size_t i = 0; ok && i < nr; i++)
		sorted[i] = &instances[i];
	if (ok)
		qsort(sorted, nr, sizeof(*sorted), by_name);
	ok = ok &&
	     add_item(object, "instances",
		      page_array(sorted, nr, paging, &last)) &&
	     add_next(object, last, paging->limit);
	free(sorted);
	return finish(object, ok);
}

cJSON *usm_render_bindings(const struct usm_cp_instance *instance)
{
	cJSON *object = cJSON_CreateObject();

	return finish(object, add_item(object, "bindings", members(instance)));
}

static cJSON *pool_object(const struct usm_cp_pool *pool)
{
	cJSON *object = cJSON_CreateObject();

	return finish(object, add_text(object, "backend", pool->backend) &&
				      add_u64(object, "bytes", pool->bytes) &&
				      add_u64(object, "free", pool->free));
}

cJSON *usm_render_stats(const struct usm_cp_pool *pool,
			const struct usm_cp_instance *instances, size_t nr)
{
	cJSON *object = cJSON_CreateObject();

	return finish(object, add_item(object, "pool", pool_object(pool)) &&
				      add_item(object, "instances",
					       instance_array(instances, nr)));
}
