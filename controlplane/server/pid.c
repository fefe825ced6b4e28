// SPDX-License-Identifier: MIT
#include "pid.h"

#include <errno.h>

int usm_pid_parse(const char *text, pid_t *pid)
{
	pid_t value = 0;

	if (*text == '0')
		return -EINVAL;
	do {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		value = value * 10 + (*text - '0');
		if (value > USM_PID_MAX)
			return -EINVAL;
	} while (*++text);
	*pid = value;
	return 0;
}
