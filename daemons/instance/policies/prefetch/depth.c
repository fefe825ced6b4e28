/* SPDX-License-Identifier: MIT */
#include "instance/policies/prefetch/depth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "usm_policy.h"

int usm_prefetch_depth_config(uint32_t *max, const char *key, const char *value,
			      const char **why)
{
	unsigned long pages;
	char *end = NULL;

	if (strcmp(key, "max"))
		return -ENOENT;
	/* strtoul() would take blanks and a sign. */
	pages = *value >= '0' && *value <= '9' ? strtoul(value, &end, 10) : 0;
	if (!pages || *end || pages > USM_PREFETCH_WANTS_MAX) {
		*why = "must be a number of pages from 1 to 64";
		return -EINVAL;
	}
	*max = (uint32_t)pages;
	return 0;
}
