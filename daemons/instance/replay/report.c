/* SPDX-License-Identifier: MIT */
#include "instance/replay/report.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>

#include "common/size.h"

static const char *name_of(const struct usm_replay_row *row)
{
	return row->policy ? row->policy : "optimum";
}

static double hit_percent(const struct usm_replay_report *report,
			  const struct usm_replay_row *row)
{
	uint32_t accesses = report->trace->nr_accesses;

	return 100.0 * (double)(accesses - row->outcome.faults) / accesses;
}

static bool has_prefetch(const struct usm_replay_report *report)
{
	/* The optimum has none; whoever follows it is like all others. */
	return report->nr_rows > 1 && report->rows[1].prefetch;
}

static void print_head(const struct usm_replay_report *report,
		       const struct usm_replay_row *row, FILE *out)
{
	const struct usm_trace *trace = report->trace;
	char size[USM_SIZE_TEXT];

	usm_size_format((uint64_t)row->frames * trace->page_bytes, size,
			sizeof(size));
	fprintf(out,
		"\n%" PRIu32 " frames (%s), %.0f %% of the footprint\n"
		"  %-12s %9s %9s %10s %10s %11s",
		row->frames, size, 100.0 * row->frames / trace->nr_pages,
		"policy", "hit ratio", "faults", "evictions", "of optimum",
		"a decision");
	if (has_prefetch(report))
		fprintf(out, "  %-13s %8s %8s %8s %8s %8s", "prefetch",
			"returns", "read", "used", "wasted", "waits");
	fputc('\n', out);
}

static void print_foresight(const struct usm_replay_row *row, FILE *out)
{
	const struct usm_foresight_outcome *foresight = &row->outcome.foresight;

	/* Where nothing was evicted there was no decision either. */
	fprintf(out,
		"%*s  %-13s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64
		" %8" PRIu64,
		row->outcome.evictions ? 0 : 12, "", row->prefetch,
		foresight->returns, foresight->read, foresight->used,
		foresight->wasted, foresight->waits);
}

static void print_row(const struct usm_replay_report *report,
		      const struct usm_replay_row *row, uint64_t optimum,
		      FILE *out)
{
	const struct usm_outcome *outcome = &row->outcome;

	fprintf(out, "  %-12s %7.2f %% %9" PRIu64 " %10" PRIu64 " %8.1f %%",
		name_of(row), hit_percent(report, row), outcome->faults,
		outcome->evictions,
		100.0 * (double)outcome->faults / (double)optimum);
	if (row->policy && outcome->evictions)
		fprintf(out, " %8" PRIu64 " ns", outcome->decision_ns);
	if (row->prefetch)
		print_foresight(row, out);
	if (outcome->overruled + outcome->foresight.overruled)
		fprintf(out, "  %" PRIu64 " answers not carried out",
			outcome->overruled + outcome->foresight.overruled);
	fputc('\n', out);
}

void usm_replay_table(const struct usm_replay_report *report, FILE *out)
{
	const struct usm_trace *trace = report->trace;
	char size[USM_SIZE_TEXT];
	uint64_t optimum = 1;
	uint32_t i;

	usm_size_format((uint64_t)trace->nr_pages * trace->page_bytes, size,
			sizeof(size));
	fprintf(out,
		"%s: %" PRIu32 " accesses to %" PRIu32
		" pages (%s), members: %" PRIu32 "\n",
		report->path, trace->nr_accesses, trace->nr_pages, size,
		trace->members);
	for (i = 0; i < report->nr_rows; i++) {
		const struct usm_replay_row *row = &report->rows[i];

		if (!row->policy) {
			optimum = row->outcome.faults;
			print_head(report, row, out);
		}
		print_row(report, row, optimum, out);
	}
}

static void add_foresight(const struct usm_replay_row *row, cJSON *object)
{
	const struct usm_foresight_outcome *foresight = &row->outcome.foresight;
	cJSON *prefetch = cJSON_AddObjectToObject(object, "prefetch");

	cJSON_AddStringToObject(prefetch, "policy", row->prefetch);
	cJSON_AddNumberToObject(prefetch, "returns",
				(double)foresight->returns);
	cJSON_AddNumberToObject(prefetch, "read", (double)foresight->read);
	cJSON_AddNumberToObject(prefetch, "used", (double)foresight->used);
	cJSON_AddNumberToObject(prefetch, "wasted", (double)foresight->wasted);
	cJSON_AddNumberToObject(prefetch, "waits", (double)foresight->waits);
	cJSON_AddNumberToObject(prefetch, "overruled",
				(double)foresight->overruled);
}

static void add_row(const struct usm_replay_report *report,
		    const struct usm_replay_row *row, cJSON *rows)
{
	const struct usm_outcome *outcome = &row->outcome;
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "policy", name_of(row));
	cJSON_AddNumberToObject(object, "frames", row->frames);
	cJSON_AddNumberToObject(object, "hit_ratio",
				hit_percent(report, row) / 100);
	cJSON_AddNumberToObject(object, "faults", (double)outcome->faults);
	cJSON_AddNumberToObject(object, "evictions",
				(double)outcome->evictions);
	if (row->policy) {
		cJSON_AddNumberToObject(object, "decision_ns",
					(double)outcome->decision_ns);
		cJSON_AddNumberToObject(object, "overruled",
					(double)outcome->overruled);
	}
	if (row->prefetch)
		add_foresight(row, object);
	cJSON_AddItemToArray(rows, object);
}

int usm_replay_json(const struct usm_replay_report *report, FILE *out)
{
	const struct usm_trace *trace = report->trace;
	cJSON *root = cJSON_CreateObject();
	cJSON *about = cJSON_AddObjectToObject(root, "trace");
	cJSON *rows = cJSON_AddArrayToObject(root, "results");
	char *text;
	uint32_t i;

	cJSON_AddStringToObject(about, "path", report->path);
	cJSON_AddNumberToObject(about, "page_bytes", trace->page_bytes);
	cJSON_AddNumberToObject(about, "members", trace->members);
	cJSON_AddNumberToObject(about, "pages", trace->nr_pages);
	cJSON_AddNumberToObject(about, "accesses", trace->nr_accesses);
	cJSON_AddNumberToObject(root, "batch", report->batch);
	for (i = 0; i < report->nr_rows; i++)
		add_row(report, &report->rows[i], rows);
	text = cJSON_Print(root);
	cJSON_Delete(root);
	if (!text)
		return -ENOMEM;
	fprintf(out, "%s\n", text);
	cJSON_free(text);
	return 0;
}
