/* SPDX-License-Identifier: MIT */
#include "instance/policies/oom/registry.h"

#include <stddef.h>
#include <string.h>

const struct usm_oom_policy *const usm_oom_registry[] = {
	&usm_oom_fallback,
	&usm_oom_kill_largest,
	&usm_oom_stall,
	NULL,
};

const struct usm_oom_policy *usm_oom_policy_find(const char *name)
{
	const struct usm_oom_policy *const *policy;

	for (policy = usm_oom_registry; *policy; policy++)
		if (!strcmp((*policy)->name, name))
			return *policy;
	return NULL;
}

bool usm_oom_policy_kills(const struct usm_oom_policy *policy)
{
	return policy != &usm_oom_fallback && policy != &usm_oom_stall;
}
