/* SPDX-License-Identifier: MIT */
#include "instance/policies/alloc/number.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Decimal digits and nothing else. */
static bool read_number(const char *text, uint32_t *out)
{
	char *end;
	unsigned long long number;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (*end || errno || number > UINT32_MAX)
		return false;
	*out = (uint32_t)number;
	return true;
}

int usm_alloc_number_set(const struct usm_alloc_number *options, void *ctx,
			 const char *key, const char *value, const char **why)
{
	uint32_t number;

	for (; options->key; options++) {
		if (strcmp(options->key, key))
			continue;
		if (!read_number(value, &number) || number < options->min ||
		    number > options->max) {
			*why = options->why;
			return -EINVAL;
		}
		memcpy((char *)ctx + options->at, &number, sizeof(number));
		return 0;
	}
	return -ENOENT;
}
