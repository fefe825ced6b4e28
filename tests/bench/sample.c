/* SPDX-License-Identifier: MIT */
#include "bench/sample.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copies the field at *at, and moves *at behind the tab that ends it. */
static bool take_field(const char **at, char *out, size_t size)
{
	size_t length = strcspn(*at, "\t\n");

	if (!length || length >= size)
		return false;
	memcpy(out, *at, length);
	out[length] = '\0';
	*at += length;
	if (**at == '\t')
		++*at;
	return true;
}

static bool take_number(const char **at, double *out)
{
	char text[48], *end;

	if (!take_field(at, text, sizeof(text)))
		return false;
	*out = strtod(text, &end);
	/* A page that cost nothing was not touched. */
	return !*end && *out > 0 && *out < 1e18;
}

static bool take_kind(const char **at, enum sample_kind *out)
{
	static const char *const kinds[] = {
		[SAMPLE_VALUE] = "sample",
		[SAMPLE_SPOILED] = "spoiled",
		[SAMPLE_INVALID] = "invalid",
		[SAMPLE_INFO] = "info",
	};
	char text[16];
	size_t i;

	if (!take_field(at, text, sizeof(text)))
		return false;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(text, kinds[i]) != 0)
			continue;
		*out = (enum sample_kind)i;
		return true;
	}
	return false;
}

int sample_parse(const char *line, struct sample *out)
{
	struct sample sample = { 0 };

	if (!take_kind(&line, &sample.kind) ||
	    !take_field(&line, sample.name, sizeof(sample.name)))
		return -EINVAL;
	if (sample.kind == SAMPLE_VALUE) {
		if (!take_number(&line, &sample.value) ||
		    !take_number(&line, &sample.base))
			return -EINVAL;
	} else if (!take_field(&line, sample.text, sizeof(sample.text))) {
		return -EINVAL;
	}
	if (*line && *line != '\n')
		return -EINVAL;
	*out = sample;
	return 0;
}
