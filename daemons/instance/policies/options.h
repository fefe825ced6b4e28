/* SPDX-License-Identifier: MIT */
/*
 * options.h - hands the options of the configuration to a policy that starts.
 */
#ifndef USM_INSTANCE_POLICIES_OPTIONS_H
#define USM_INSTANCE_POLICIES_OPTIONS_H

#include "common/settings.h"
#include "instance/failure.h"

/* What is configured, and where from. */
struct usm_policy_options {
	const char *field; /* of the configuration: "policy.alloc_options" */
	const char *policy; /* its name */
	const struct usm_settings *settings; /* NULL: none */
};

/*
 * Gives every setting to `config` (NULL: it has no options).  -ENOENT, -EINVAL
 * and what else the policy answers; *failure (NULL is fine) names the field.
 */
int usm_policy_configure(const struct usm_policy_options *options,
			 int (*config)(void *ctx, const char *key,
				       const char *value, const char **why),
			 void *ctx, struct usm_failure *failure);

/*
 * Its init() answered err, not 0.  kind: the field that names such policies
 * ("policy.alloc").  Returns err, or EINVAL where it is no error, below 0.
 */
int usm_policy_not_started(const char *kind, const char *policy, int err,
			   struct usm_failure *failure);

#endif /* USM_INSTANCE_POLICIES_OPTIONS_H */
