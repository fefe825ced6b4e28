/* SPDX-License-Identifier: MIT */
#include "instance/thresholds/policies.h"

#include <stdio.h>

/* "thresholds[3].alloc" */
#define FIELD_SIZE 32

static int open_one(struct usm_named_policy *out, enum usm_policy_kind kind,
		    const char *key, unsigned int i, const char *name,
		    const struct usm_trusted *where,
		    struct usm_failure *failure)
{
	char field[FIELD_SIZE];

	if (!*name)
		return 0;
	snprintf(field, sizeof(field), "thresholds[%u].%s", i, key);
	return usm_named_policy_open(out, kind, field, name, where, failure);
}

int usm_threshold_policies_open(struct usm_threshold_policies *out,
				const struct usm_config_thresholds *thresholds,
				const struct usm_trusted *where,
				struct usm_failure *failure)
{
	unsigned int i;
	int err = 0;

	*out = (struct usm_threshold_policies){ .thresholds = thresholds };
	for (i = 0; i < thresholds->nr && !err; i++) {
		const struct usm_config_threshold *threshold =
			&thresholds->threshold[i];

		err = open_one(&out->alloc[i], USM_POLICY_ALLOC, "alloc", i,
			       threshold->alloc_policy, where, failure);
		if (!err)
			err = open_one(&out->evict[i], USM_POLICY_EVICT,
				       "evict", i, threshold->evict_policy,
				       where, failure);
	}
	return err;
}

static int load_one(struct usm_named_policy *policy,
		    const struct usm_settings *settings,
		    struct usm_failure *failure)
{
	int err;

	if (!policy->kind)
		return 0;
	err = usm_named_policy_load(policy, failure);
	return err ? err : usm_named_policy_try(policy, settings, failure);
}

int usm_threshold_policies_load(struct usm_threshold_policies *policies,
				struct usm_failure *failure)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < policies->thresholds->nr && !err; i++) {
		const struct usm_config_threshold *threshold =
			&policies->thresholds->threshold[i];

		err = load_one(&policies->alloc[i], &threshold->alloc_options,
			       failure);
		if (!err)
			err = load_one(&policies->evict[i],
				       &threshold->evict_options, failure);
	}
	return err;
}

struct usm_threshold_choice
usm_threshold_choose(const struct usm_config_thresholds *thresholds,
		     unsigned int level)
{
	struct usm_threshold_choice choice = { 0 };
	unsigned int i;

	for (i = 0; i < level && i < thresholds->nr; i++) {
		if (*thresholds->threshold[i].alloc_policy)
			choice.alloc = i + 1;
		if (*thresholds->threshold[i].evict_policy)
			choice.evict = i + 1;
	}
	return choice;
}

void usm_threshold_policies_close(struct usm_threshold_policies *policies)
{
	unsigned int i;

	for (i = 0; i < USM_THRESHOLDS_MAX; i++) {
		usm_named_policy_close(&policies->alloc[i]);
		usm_named_policy_close(&policies->evict[i]);
	}
	policies->thresholds = NULL;
}
