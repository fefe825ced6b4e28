// SPDX-License-Identifier: MIT
#include "name.h"

#include <string.h>

#include "usm.h"

bool usm_name_valid(const char *name)
{
	size_t len = strnlen(name, USM_NAME_MAX + 1);

	return len >= 1 && len <= USM_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}
