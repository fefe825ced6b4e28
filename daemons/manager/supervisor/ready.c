// SPDX-License-Identifier: MIT
#include "ready.h"

#include <errno.h>
#include <string.h>

#include "usm.h"

#define PREFIX "ready instance="

int usm_ready_parse(const char *line, size_t len, unsigned int *instance)
{
	size_t at = strlen(PREFIX);
	unsigned int id = 0;

	if (len <= at || memcmp(line, PREFIX, at) != 0)
		return -EINVAL;
	for (; at < len && line[at] >= '0' && line[at] <= '9'; at++) {
		id = id * 10 + (unsigned int)(line[at] - '0');
		if (id > USM_INSTANCES_MAX)
			return -EINVAL;
	}
	if (!id || at + 1 != len || line[at] != '\n')
		return -EINVAL;
	*instance = id;
	return 0;
}
