/* SPDX-License-Identifier: MIT */
#include "instance/policies/alloc/registry.h"

#include <string.h>

const struct usm_alloc_policy *const usm_alloc_registry[] = {
	&usm_alloc_first_fit,
	&usm_alloc_extent,
	&usm_alloc_batch,
	&usm_alloc_zeroed,
	NULL,
};

const struct usm_alloc_policy *usm_alloc_policy_find(const char *name)
{
	const struct usm_alloc_policy *const *policy;

	for (policy = usm_alloc_registry; *policy; policy++)
		if (!strcmp((*policy)->name, name))
			return *policy;
	return NULL;
}
