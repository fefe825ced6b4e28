/* SPDX-License-Identifier: MIT */
#include "instance/policies/evict/registry.h"

#include <stddef.h>
#include <string.h>

const struct usm_evict_policy *const usm_evict_registry[] = {
	&usm_evict_clock,   &usm_evict_fifo,  &usm_evict_lru,
	&usm_evict_s3_fifo, &usm_evict_sieve, NULL,
};

const struct usm_evict_policy *usm_evict_policy_find(const char *name)
{
	const struct usm_evict_policy *const *policy;

	for (policy = usm_evict_registry; *policy; policy++)
		if (!strcmp((*policy)->name, name))
			return *policy;
	return NULL;
}
