/* SPDX-License-Identifier: MIT */
#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/report/report.h"
#include "common/cleanup.h"

#define FORMAT 1

/* Four digits behind the point say more than the noise lets them. */
static void add_rounded(cJSON *object, const char *name, double value)
{
	cJSON_AddNumberToObject(object, name, round(value * 1e4) / 1e4);
}

static void add_spread(cJSON *object, const char *name,
		       const struct spread *spread)
{
	cJSON *entry = cJSON_AddObjectToObject(object, name);

	add_rounded(entry, "median", spread->median);
	add_rounded(entry, "q1", spread->q1);
	add_rounded(entry, "q3", spread->q3);
}

static void add_result(cJSON *row, const char *name,
		       const struct result *result)
{
	cJSON *entry;

	if (!result->ratio.nr && !result->invalid[0]) {
		cJSON_AddNullToObject(row, name);
		return;
	}
	entry = cJSON_AddObjectToObject(row, name);
	cJSON_AddBoolToObject(entry, "valid", !result->invalid[0]);
	if (result->invalid[0])
		cJSON_AddStringToObject(entry, "why", result->invalid);
	cJSON_AddNumberToObject(entry, "samples", (double)result->ratio.nr);
	cJSON_AddNumberToObject(entry, "spoiled", (double)result->spoiled);
	if (!result->ratio.nr)
		return;
	add_spread(entry, "ratio", &result->ratio);
	add_spread(entry, "per_page", &result->value);
}

static void add_row(cJSON *rows, const struct catalogue_row *row,
		    const struct result results[MEASURES])
{
	const char *state = aim_text(result_aim(row, results));
	cJSON *entry = cJSON_CreateObject(), *aim;

	cJSON_AddItemToArray(rows, entry);
	cJSON_AddStringToObject(entry, "name", row->name);
	cJSON_AddStringToObject(entry, "what", row->what);
	cJSON_AddStringToObject(entry, "beside", row->base);
	add_result(entry, "time", &results[MEASURE_TIME]);
	add_result(entry, "instructions", &results[MEASURE_INSTRUCTIONS]);
	if (!state) {
		cJSON_AddNullToObject(entry, "aim");
		return;
	}
	aim = cJSON_AddObjectToObject(entry, "aim");
	cJSON_AddStringToObject(aim, "of",
				row->aim_of == MEASURE_TIME ? "time"
							    : "instructions");
	cJSON_AddNumberToObject(aim, "at_most", row->aim);
	cJSON_AddStringToObject(aim, "state", state);
}

static cJSON *document(const struct report *report)
{
	const char *kernel =
		samples_info(&report->samples[MEASURE_TIME], "kernel");
	cJSON *root = cJSON_CreateObject(), *rows;
	size_t i;

	cJSON_AddNumberToObject(root, "format", FORMAT);
	cJSON_AddStringToObject(root, "date", report->date);
	cJSON_AddStringToObject(root, "commit", report->commit);
	cJSON_AddStringToObject(root, "kernel", kernel ? kernel : "unknown");
	cJSON_AddStringToObject(root, "machine", report->machine);
	rows = cJSON_AddArrayToObject(root, "rows");
	for (i = 0; i < catalogue_rows; i++)
		add_row(rows, &catalogue[i], report->results[i]);
	return root;
}

int report_json(const struct report *report, const char *path)
{
	cJSON *root = document(report);
	usm_auto_free char *text = cJSON_Print(root);
	usm_auto_file file = NULL;

	cJSON_Delete(root);
	if (!text)
		return -ENOMEM;
	file = fopen(path, "we");
	if (!file)
		return -errno;
	return fprintf(file, "%s\n", text) < 0 ? -EIO : 0;
}
