// SPDX-License-Identifier: MIT
#include "metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "names.h"

/* The largest uint64_t, a point and six decimals. */
#define VALUE_SIZE 32

enum unit {
	UNIT_ONE,
	UNIT_US,
	UNIT_NS
};

/* A figure that is one member of struct usm_cp_instance. */
struct sample {
	size_t offset;
	const char *label; /* NULL: no label but the instance's */
};

#define SAMPLE(member, text)                                   \
	{                                                      \
		offsetof(struct usm_cp_instance, member), text \
	}

/* More samples than any family has. */
#define MAX_SAMPLES 8

struct family {
	const char *name;
	const char *type;
	const char *help;
	const char *key; /* of the samples' labels */
	enum unit unit;
	bool of_cgroup; /* only where the daemon has one */
	struct sample samples[MAX_SAMPLES]; /* ends with no name and offset 0 */
	size_t nr;
};

static const struct family families[] = {
	{ "usm_instance_memory_bytes",
	  "gauge",
	  "The partition, by what its frames are used for.",
	  "part",
	  UNIT_ONE,
	  false,
	  { SAMPLE(mapped, "mapped"), SAMPLE(granted, "granted"),
	    SAMPLE(storing, "storing"), SAMPLE(free, "free"),
	    SAMPLE(bad, "bad") },
	  5 },
	{ "usm_instance_evicted_bytes",
	  "gauge",
	  "Memory of bound processes that is in no frame.",
	  NULL,
	  UNIT_ONE,
	  false,
	  { SAMPLE(evicted, NULL) },
	  1 },
	{ "usm_instance_outside_pool_bytes",
	  "gauge",
	  "Memory of bound processes that fallbacks brought, at most.",
	  NULL,
	  UNIT_ONE,
	  false,
	  { SAMPLE(outside_pool, NULL) },
	  1 },
	{ "usm_instance_faults_total",
	  "counter",
	  "Faults served from the partition, by how.",
	  "how",
	  UNIT_ONE,
	  false,
	  { SAMPLE(faults_range, "range"), SAMPLE(faults_magazine, "magazine"),
	    SAMPLE(upcalls, "upcall") },
	  3 },
	{ "usm_instance_around_pages_total",
	  "counter",
	  "Pages mapped beside a fault.",
	  NULL,
	  UNIT_ONE,
	  false,
	  { SAMPLE(around, NULL) },
	  1 },
	{ "usm_instance_evictions_total",
	  "counter",
	  "Pages taken out of their frames.",
	  NULL,
	  UNIT_ONE,
	  false,
	  { SAMPLE(evictions, NULL) },
	  1 },
	{ "usm_instance_swapins_total",
	  "counter",
	  "Pages that came back.",
	  NULL,
	  UNIT_ONE,
	  false,
	  { SAMPLE(swapins, NULL) },
	  1 },
	{ "usm_instance_retaken_total",
	  "counter",
	  "Evictions undone by a touch in time.",
	  NULL,
	  UNIT_ONE,
	  false,
	  { SAMPLE(retaken, NULL) },
	  1 },
	{ "usm_instance_freed_frames_total",
	  "counter",
	  "Frames that came home.",
	  NULL,
	  UNIT_ONE,
	  false,
	  { SAMPLE(freed, NULL) },
	  1 },
	{ "usm_instance_fault_latency_seconds",
	  "gauge",
	  "From a fault to its frame, for faults that asked the policy, since the start.",
	  "percentile",
	  UNIT_NS,
	  false,
	  { SAMPLE(p50_ns, "50"), SAMPLE(p99_ns, "99") },
	  2 },
	{ "usm_instance_bad_commands_total",
	  "counter",
	  "Commands of the daemon that the kernel refused.",
	  NULL,
	  UNIT_ONE,
	  false,
	  { SAMPLE(bad_commands, NULL) },
	  1 },
	{ "usm_daemon_memory_bytes",
	  "gauge",
	  "Memory of the policy daemon's cgroup.",
	  NULL,
	  UNIT_ONE,
	  true,
	  { SAMPLE(cgroup.memory_current, NULL) },
	  1 },
	{ "usm_daemon_cpu_seconds_total",
	  "counter",
	  "Processor time of the policy daemon's cgroup.",
	  NULL,
	  UNIT_US,
	  true,
	  { SAMPLE(cgroup.cpu_usage_us, NULL) },
	  1 },
	{ "usm_daemon_cpu_throttled_seconds_total",
	  "counter",
	  "Time the policy daemon's cgroup was held back by its limit.",
	  NULL,
	  UNIT_US,
	  true,
	  { SAMPLE(cgroup.cpu_throttled_us, NULL) },
	  1 },
	{ "usm_daemon_oom_kills_total",
	  "counter",
	  "Processes of the policy daemon's cgroup that the kernel killed for want of memory.",
	  NULL,
	  UNIT_ONE,
	  true,
	  { SAMPLE(cgroup.oom_kills, NULL) },
	  1 },
};

#define NR_FAMILIES (sizeof(families) / sizeof(families[0]))

/* Whole numbers with every digit, times exactly. */
static void format_value(uint64_t value, enum unit unit, char text[VALUE_SIZE])
{
	static const struct {
		uint64_t each;
		int digits;
	} units[] = {
		[UNIT_ONE] = { 1, 0 },
		[UNIT_US] = { 1000000, 6 },
		[UNIT_NS] = { 1000000000, 9 },
	};

	if (!units[unit].digits)
		snprintf(text, VALUE_SIZE, "%" PRIu64, value);
	else
		snprintf(text, VALUE_SIZE, "%" PRIu64 ".%0*" PRIu64,
			 value / units[unit].each, units[unit].digits,
			 value % units[unit].each);
}

static void head(FILE *out, const char *name, const char *type,
		 const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Names of instances are [a-z0-9-]: nothing to escape. */
static void print_family(FILE *out, const struct family *family,
			 const struct usm_cp_instance *instance)
{
	if (family->of_cgroup && !instance->cgroup.present)
		return;
	for (size_t i = 0; i < family->nr; i++) {
		const struct sample *sample = &family->samples[i];
		const char *value = (const char *)instance + sample->offset;
		char text[VALUE_SIZE];

		format_value(*(const uint64_t *)(const void *)value,
			     family->unit, text);
		fprintf(out, "%s{instance=\"%s\"", family->name,
			instance->config.name);
		if (family->key)
			fprintf(out, ",%s=\"%s\"", family->key, sample->label);
		fprintf(out, "} %s\n", text);
	}
}

static void print_counts(FILE *out, const char *name, const char *help,
			 const char *key, const char *const *names,
			 size_t offset, size_t nr_counts,
			 const struct usm_cp_instance *instances, size_t nr)
{
	head(out, name, "counter", help);
	for (size_t i = 0; i < nr; i++) {
		const char *base = (const char *)&instances[i] + offset;
		const uint64_t *counts = (const uint64_t *)(const void *)base;

		for (size_t c = 0; c < nr_counts; c++)
			fprintf(out,
				"%s{instance=\"%s\",%s=\"%s\"} %" PRIu64 "\n",
				name, instances[i].config.name, key, names[c],
				counts[c]);
	}
}

/* One of them is 1, as is usual for a state. */
static void print_states(FILE *out, const struct usm_cp_instance *instances,
			 size_t nr)
{
	head(out, "usm_instance_state", "gauge",
	     "1 for the state that the instance is in.");
	for (size_t i = 0; i < nr; i++) {
		for (int s = 0; s < USM_CP_STATES; s++)
			fprintf(out,
				"usm_instance_state{instance=\"%s\",state=\"%s\"} %d\n",
				instances[i].config.name,
				usm_cp_state_name((enum usm_cp_state)s),
				instances[i].state == (enum usm_cp_state)s);
	}
}

static void print_small(FILE *out, const struct usm_cp_instance *instances,
			size_t nr)
{
	head(out, "usm_instance_processes", "gauge", "Bound processes.");
	for (size_t i = 0; i < nr; i++)
		fprintf(out, "usm_instance_processes{instance=\"%s\"} %zu\n",
			instances[i].config.name, instances[i].nr_members);
	head(out, "usm_instance_restarts_total", "counter",
	     "How often the manager started the daemon again.");
	for (size_t i = 0; i < nr; i++)
		fprintf(out,
			"usm_instance_restarts_total{instance=\"%s\"} %u\n",
			instances[i].config.name, instances[i].restarts);
}

static void print_pool(FILE *out, const struct usm_cp_pool *pool)
{
	head(out, "usm_pool_bytes", "gauge", "The pool.");
	fprintf(out, "usm_pool_bytes{backend=\"%s\"} %" PRIu64 "\n",
		pool->backend, pool->bytes);
	head(out, "usm_pool_free_bytes", "gauge",
	     "Of the pool, what is in no partition.");
	fprintf(out, "usm_pool_free_bytes %" PRIu64 "\n", pool->free);
}

char *usm_metrics_render(const struct usm_cp_pool *pool,
			 const struct usm_cp_instance *instances, size_t nr)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool failed;

	if (!out)
		return NULL;
	print_pool(out, pool);
	print_states(out, instances, nr);
	for (size_t f = 0; f < NR_FAMILIES; f++) {
		head(out, families[f].name, families[f].type, families[f].help);
		for (size_t i = 0; i < nr; i++)
			print_family(out, &families[f], &instances[i]);
	}
	print_counts(out, "usm_instance_fallbacks_total",
		     "Faults that the kernel's own allocator served, by why.",
		     "reason", usm_fallback_names,
		     offsetof(struct usm_cp_instance, fallbacks),
		     USM_FALLBACK_REASONS, instances, nr);
	print_counts(
		out, "usm_instance_wakes_total",
		"Who told a worker of a fault; the kernel's count aside, since the daemon started.",
		"by", usm_wake_names, offsetof(struct usm_cp_instance, wakes),
		USM_WAKE_SOURCES, instances, nr);
	print_small(out, instances, nr);
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return NULL;
	}
	return text;
}
