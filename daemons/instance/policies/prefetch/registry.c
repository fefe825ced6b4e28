/* SPDX-License-Identifier: MIT */
#include "instance/policies/prefetch/registry.h"

#include <stddef.h>
#include <string.h>

const struct usm_prefetch_policy *const usm_prefetch_registry[] = {
	&usm_prefetch_readahead,
	&usm_prefetch_record_replay,
	&usm_prefetch_stride,
	NULL,
};

const struct usm_prefetch_policy *usm_prefetch_policy_find(const char *name)
{
	const struct usm_prefetch_policy *const *policy;

	for (policy = usm_prefetch_registry; *policy; policy++)
		if (!strcmp((*policy)->name, name))
			return *policy;
	return NULL;
}
