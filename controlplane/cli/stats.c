// SPDX-License-Identifier: MIT
/* usmctl stats - pool and tenants, as a table or as JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "call.h"
#include "command.h"

static const struct {
	const char *title;
	const char *path;
	int width;
	double unit; /* what one shown is worth */
} columns[] = {
	{ "OWNED-K", "memory.owned", 9, 1024 },
	{ "MAPPED-K", "memory.mapped", 9, 1024 },
	{ "FREE-K", "memory.free", 9, 1024 },
	{ "OUT-K", "memory.evicted", 9, 1024 },
	{ "FAULTS", "faults.total", 10, 1 },
	{ "UPCALLS", "faults.upcall", 10, 1 },
	{ "FALLBACK", "faults.fallback", 9, 1 },
	{ "P50-US", "latency_ns.p50", 8, 1000 },
	{ "P99-US", "latency_ns.p99", 8, 1000 },
	{ "BAD", "bad_commands", 5, 1 },
};

#define NR_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static double number_at(const cJSON *object, const char *path)
{
	const cJSON *item = usm_json_at(object, path);

	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static void print_table(const cJSON *stats)
{
	const cJSON *backend = usm_json_at(stats, "pool.backend");
	const cJSON *instance;

	printf("pool (%s): %.0f K, %.0f K in no partition\n",
	       cJSON_IsString(backend) ? backend->valuestring : "?",
	       number_at(stats, "pool.bytes") / 1024,
	       number_at(stats, "pool.free") / 1024);
	printf("%-16s %-11s", "TENANT", "STATE");
	for (size_t i = 0; i < NR_COLUMNS; i++)
		printf(" %*s", columns[i].width, columns[i].title);
	putchar('\n');
	cJSON_ArrayForEach(instance, usm_json_at(stats, "instances")) {
		const cJSON *name = usm_json_at(instance, "name");
		const cJSON *state = usm_json_at(instance, "state");

		printf("%-16s %-11s",
		       cJSON_IsString(name) ? name->valuestring : "?",
		       cJSON_IsString(state) ? state->valuestring : "?");
		for (size_t i = 0; i < NR_COLUMNS; i++)
			printf(" %*.0f", columns[i].width,
			       number_at(instance, columns[i].path) /
				       columns[i].unit);
		putchar('\n');
	}
}

int usm_command_stats(const struct usm_context *context, int nr, char **args)
{
	cJSON *reply = NULL;
	int ret;

	(void)nr;
	(void)args;
	if (context->direct) {
		usm_say("stats needs the manager; --direct goes with exec and list");
		return USM_EXIT_USAGE;
	}
	ret = usm_call(context, "GET", "/v1/stats", NULL, &reply);
	if (ret)
		return ret;
	if (context->json) {
		char *text = cJSON_Print(reply);

		puts(text ? text : "");
		cJSON_free(text);
	} else {
		print_table(reply);
	}
	cJSON_Delete(reply);
	return USM_EXIT_OK;
}
