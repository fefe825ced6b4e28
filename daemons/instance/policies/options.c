/* SPDX-License-Identifier: MIT */
#include "instance/policies/options.h"

#include <errno.h>
#include <string.h>

static int refused(const struct usm_policy_options *options,
		   const struct usm_setting *setting, int err, const char *why,
		   struct usm_failure *failure)
{
	if (err == -ENOENT)
		return usm_fail(failure, USM_EXIT_USAGE, ENOENT,
				"%s.%s: policy \"%s\" has no such option",
				options->field, setting->key, options->policy);
	/* A policy's own positive number is no errno. */
	if (err > 0)
		err = -EINVAL;
	return usm_fail(failure, USM_EXIT_USAGE, -err, "%s.%s: \"%s\": %s",
			options->field, setting->key, setting->value,
			why ? why : strerror(-err));
}

int usm_policy_configure(const struct usm_policy_options *options,
			 int (*config)(void *ctx, const char *key,
				       const char *value, const char **why),
			 void *ctx, struct usm_failure *failure)
{
	unsigned int i, nr = options->settings ? options->settings->nr : 0;

	for (i = 0; i < nr; i++) {
		const struct usm_setting *setting =
			&options->settings->setting[i];
		const char *why = NULL;
		int err =
			config ? config(ctx, setting->key, setting->value, &why)
			       : -ENOENT;

		if (err)
			return refused(options, setting, err, why, failure);
	}
	return 0;
}

int usm_policy_not_started(const char *kind, const char *policy, int err,
			   struct usm_failure *failure)
{
	int error = err < 0 ? -err : EINVAL;

	return usm_fail(failure, USM_EXIT_FAILED, error,
			"%s: \"%s\" does not start: %s", kind, policy,
			strerror(error));
}
