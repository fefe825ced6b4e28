// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/metrics.h"

static const struct usm_cp_pool pool = {
	.backend = "cma",
	.bytes = 1 << 20,
	.free = 4096,
};

static void has(const char *text, const char *line)
{
	cr_assert(strstr(text, line), "%s not in:\n%s", line, text);
}

Test(metrics, gives_base_units_with_every_digit)
{
	struct usm_cp_instance instance = {
		.config.name = "a",
		.state = USM_CP_RUNNING,
		.mapped = 8192,
		.faults_magazine = UINT64_MAX,
		.p50_ns = 1500,
		.p99_ns = 2000000001,
		.restarts = 2,
		.cgroup = { .present = true, .cpu_usage_us = 1000001 },
	};
	char *text;

	instance.fallbacks[USM_FALLBACK_LATE] = 3;
	instance.wakes[USM_WAKE_WAKER] = 4;
	text = usm_metrics_render(&pool, &instance, 1);
	has(text, "usm_pool_bytes{backend=\"cma\"} 1048576\n");
	has(text, "\nusm_pool_free_bytes 4096\n");
	has(text,
	    "\nusm_instance_memory_bytes{instance=\"a\",part=\"mapped\"} 8192\n");
	has(text,
	    "\nusm_instance_faults_total{instance=\"a\",how=\"magazine\"} 18446744073709551615\n");
	has(text,
	    "\nusm_instance_fault_latency_seconds{instance=\"a\",percentile=\"50\"} 0.000001500\n");
	has(text, "percentile=\"99\"} 2.000000001\n");
	has(text, "\nusm_daemon_cpu_seconds_total{instance=\"a\"} 1.000001\n");
	has(text,
	    "\nusm_instance_fallbacks_total{instance=\"a\",reason=\"late\"} 3\n");
	has(text,
	    "\nusm_instance_wakes_total{instance=\"a\",by=\"waker\"} 4\n");
	has(text, "\nusm_instance_restarts_total{instance=\"a\"} 2\n");
	has(text, "\nusm_instance_state{instance=\"a\",state=\"running\"} 1\n");
	has(text, "\nusm_instance_state{instance=\"a\",state=\"failed\"} 0\n");
	free(text);
}

Test(metrics, leaves_out_what_is_not_known)
{
	struct usm_cp_instance instance = { .config.name = "b" };
	char *text = usm_metrics_render(&pool, &instance, 1);

	cr_assert_null(strstr(text, "usm_daemon_memory_bytes{"));
	free(text);
	text = usm_metrics_render(&pool, NULL, 0);
	cr_assert_null(strstr(text, "instance=\""));
	free(text);
}

/* One HELP and one TYPE for each family, before its samples. */
Test(metrics, describes_each_family_once)
{
	const struct usm_cp_instance instances[2] = {
		{ .config.name = "a", .cgroup.present = true },
		{ .config.name = "b" },
	};
	char *text = usm_metrics_render(&pool, instances, 2);
	char family[128] = "", *line, *rest = text;
	size_t families = 0;

	while ((line = strsep(&rest, "\n")) && *line) {
		if (!strncmp(line, "# HELP ", 7)) {
			cr_assert_null(strstr(rest, line));
			families++;
		} else if (!strncmp(line, "# TYPE ", 7)) {
			cr_assert_eq(sscanf(line, "# TYPE %127s", family), 1);
		} else {
			cr_assert_eq(strncmp(line, family, strlen(family)), 0,
				     "%s", line);
		}
	}
	cr_assert_gt(families, 20);
	free(text);
}
