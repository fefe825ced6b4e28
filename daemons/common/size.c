// SPDX-License-Identifier: MIT
#include "size.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

static const struct {
	char upper;
	char lower;
	unsigned int shift;
} suffixes[] = {
	{ 'T', 't', 40 },
	{ 'G', 'g', 30 },
	{ 'M', 'm', 20 },
	{ 'K', 'k', 10 },
};

#define NR_SUFFIXES (sizeof(suffixes) / sizeof(suffixes[0]))

static bool suffix_shift(char c, unsigned int *shift)
{
	for (size_t i = 0; i < NR_SUFFIXES; i++) {
		if (c == suffixes[i].upper || c == suffixes[i].lower) {
			*shift = suffixes[i].shift;
			return true;
		}
	}
	return false;
}

int usm_size_parse(const char *text, uint64_t *bytes)
{
	const char *p = text;
	uint64_t value = 0;
	unsigned int shift = 0;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return -ERANGE;
	}
	if (*p) {
		if (!suffix_shift(*p, &shift) || p[1])
			return -EINVAL;
	}
	if (value > UINT64_MAX >> shift)
		return -ERANGE;
	*bytes = value << shift;
	return 0;
}

void usm_size_format(uint64_t bytes, char *buf, size_t size)
{
	for (size_t i = 0; bytes && i < NR_SUFFIXES; i++) {
		uint64_t unit = 1ULL << suffixes[i].shift;

		if (bytes % unit == 0) {
			snprintf(buf, size, "%" PRIu64 "%c", bytes / unit,
				 suffixes[i].upper);
			return;
		}
	}
	snprintf(buf, size, "%" PRIu64, bytes);
}
