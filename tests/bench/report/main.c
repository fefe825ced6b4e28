/* SPDX-License-Identifier: MIT */
/*
 * usm-bench-report DIR - reads DIR/time.samples and DIR/instructions.samples,
 * writes DIR/results.json and DIR/results.svg, prints the table.  Exit code 1
 * when a row is invalid.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/report.h"
#include "common/cleanup.h"

static const char *from_environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : "unknown";
}

static int failed(const char *what, const char *path, int err)
{
	fprintf(stderr, "usm-bench: error: %s %s: %s\n", what, path,
		strerror(-err));
	return 2;
}

static int read_all(const char *dir, struct samples samples[MEASURES])
{
	static const char *const names[MEASURES] = { "time", "instructions" };
	char path[512];
	int m, err;

	for (m = 0; m < MEASURES; m++) {
		snprintf(path, sizeof(path), "%s/%s.samples", dir, names[m]);
		err = samples_read(path, &samples[m]);
		if (err)
			return failed("cannot read", path, err);
	}
	return 0;
}

static int write_all(const struct report *report, const char *dir)
{
	char path[512];
	int err;

	snprintf(path, sizeof(path), "%s/results.json", dir);
	err = report_json(report, path);
	if (err)
		return failed("cannot write", path, err);
	snprintf(path, sizeof(path), "%s/results.svg", dir);
	err = report_svg(report, path);
	return err ? failed("cannot write", path, err) : 0;
}

int main(int argc, char **argv)
{
	usm_auto_free struct result(*results)[MEASURES] =
		calloc(catalogue_rows, sizeof(*results));
	struct samples samples[MEASURES] = { 0 };
	struct report report = {
		.samples = samples,
		.results = (const struct result(*)[MEASURES])results,
		.machine = from_environment("USM_BENCH_MACHINE"),
		.commit = from_environment("USM_BENCH_COMMIT"),
		.date = from_environment("USM_BENCH_DATE"),
	};
	int m, code;
	size_t i;

	if (argc != 2 || !results) {
		fprintf(stderr, "usage: usm-bench-report DIR\n");
		return 2;
	}
	code = read_all(argv[1], samples);
	for (i = 0; i < catalogue_rows && !code; i++)
		for (m = 0; m < MEASURES && !code; m++)
			code = -result_of(&samples[m], &catalogue[i], m,
					  &results[i][m]);
	if (!code)
		code = write_all(&report, argv[1]);
	if (!code) {
		report_table(&report);
		code = report_invalid(&report) ? 1 : 0;
	}
	for (m = 0; m < MEASURES; m++)
		samples_free(&samples[m]);
	return code;
}
