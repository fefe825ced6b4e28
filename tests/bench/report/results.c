/* SPDX-License-Identifier: MIT */
#include "bench/report/results.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

int samples_read(const char *path, struct samples *out)
{
	usm_auto_file file = fopen(path, "re");
	struct samples samples = { 0 };
	char line[512];
	size_t room = 0;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		struct sample sample;

		/* A run that was cut off may end in half a line. */
		if (sample_parse(line, &sample))
			continue;
		if (samples.nr == room) {
			struct sample *more;

			room = room ? 2 * room : 1024;
			more = realloc(samples.at, room * sizeof(*more));
			if (!more) {
				samples_free(&samples);
				return -ENOMEM;
			}
			samples.at = more;
		}
		samples.at[samples.nr++] = sample;
	}
	*out = samples;
	return 0;
}

void samples_free(struct samples *samples)
{
	free(samples->at);
	samples->at = NULL;
	samples->nr = 0;
}

const char *samples_info(const struct samples *samples, const char *key)
{
	size_t i;

	for (i = 0; i < samples->nr; i++)
		if (samples->at[i].kind == SAMPLE_INFO &&
		    !strcmp(samples->at[i].name, key))
			return samples->at[i].text;
	return NULL;
}

static void judge(struct result *result)
{
	size_t good = result->ratio.nr;

	if (result->invalid[0])
		return;
	if (!good && !result->spoiled)
		snprintf(result->invalid, sizeof(result->invalid),
			 "it did not run");
	else if (good < RESULT_SAMPLES_MIN || good < result->spoiled)
		snprintf(result->invalid, sizeof(result->invalid),
			 "only %zu good samples, %zu spoiled", good,
			 result->spoiled);
}

int result_of(const struct samples *samples, const struct catalogue_row *row,
	      enum bench_measure measure, struct result *out)
{
	usm_auto_free double *ratios = NULL;
	usm_auto_free double *values = NULL;
	struct result result = { 0 };
	size_t nr = 0, i;

	ratios = calloc(samples->nr + 1, sizeof(*ratios));
	values = calloc(samples->nr + 1, sizeof(*values));
	if (!ratios || !values)
		return -ENOMEM;
	for (i = 0; i < samples->nr; i++) {
		const struct sample *sample = &samples->at[i];

		if (strcmp(sample->name, row->name) != 0)
			continue;
		if (sample->kind == SAMPLE_VALUE) {
			ratios[nr] = sample->value / sample->base;
			values[nr++] = sample->value;
		} else if (sample->kind == SAMPLE_SPOILED) {
			result.spoiled++;
		} else if (sample->kind == SAMPLE_INVALID) {
			memcpy(result.invalid, sample->text,
			       sizeof(result.invalid));
		}
	}
	if (nr) {
		spread_of(ratios, nr, &result.ratio);
		spread_of(values, nr, &result.value);
	}
	if (row->measured[measure])
		judge(&result);
	*out = result;
	return 0;
}

enum aim_state result_aim(const struct catalogue_row *row,
			  const struct result results[MEASURES])
{
	const struct result *result = &results[row->aim_of];

	if (row->aim <= 0)
		return AIM_NONE;
	if (result->invalid[0] || !result->ratio.nr)
		return AIM_UNKNOWN;
	return result->ratio.median <= row->aim ? AIM_MET : AIM_NOT_MET;
}
