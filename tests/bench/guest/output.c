/* SPDX-License-Identifier: MIT */
#include "bench/guest/output.h"

#include <stdint.h>
#include <stdio.h>

#include "lib/wait.h"

#define PROGRESS_EVERY_MS 10000

void output_value(const char *row, double value, double base)
{
	printf("sample\t%s\t%.3f\t%.3f\n", row, value, base);
}

void output_spoiled(const char *row, const char *why)
{
	printf("spoiled\t%s\t%s\n", row, why);
}

void output_invalid(const char *row, const char *why)
{
	printf("invalid\t%s\t%s\n", row, why);
	fprintf(stderr, "usm-bench: %s is invalid: %s\n", row, why);
}

void output_info(const char *key, const char *text)
{
	printf("info\t%s\t%s\n", key, text);
}

void output_progress(const char *what, unsigned int done, unsigned int all)
{
	static const char *last;
	static uint64_t next;

	fflush(stdout);
	if (what == last && now_ms() < next)
		return;
	last = what;
	next = now_ms() + PROGRESS_EVERY_MS;
	fprintf(stderr, "usm-bench: %s, %u of %u\n", what, done, all);
}
