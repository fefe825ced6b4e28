/* SPDX-License-Identifier: MIT */
#include "config_policy.h"

#include <stddef.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define AT(field) offsetof(struct usm_config, field)

const char *const usm_alloc_policies[] = { "first-fit", "extent", "batch",
					   "zeroed", NULL };
const char *const usm_evict_policies[] = { "clock",   "fifo",  "lru",
					   "s3-fifo", "sieve", NULL };
const char *const usm_prefetch_policies[] = { "readahead", "record-replay",
					      "stride", NULL };
const char *const usm_oom_policies[] = { "fallback", "kill-largest", "stall",
					 NULL };

static const struct usm_json_key policy_keys[] = {
	{ "alloc", false, usm_settings_read_policy, AT(alloc_policy) },
	{ "alloc_options", false, usm_settings_read, AT(alloc_options) },
	{ "evict", false, usm_settings_read_policy, AT(evict_policy) },
	{ "evict_options", false, usm_settings_read, AT(evict_options) },
	{ "prefetch", false, usm_settings_read_policy, AT(prefetch_policy) },
	{ "prefetch_options", false, usm_settings_read, AT(prefetch_options) },
	{ "oom", false, usm_settings_read_policy, AT(oom_policy) },
	{ "oom_options", false, usm_settings_read, AT(oom_options) },
};

int usm_config_read_policy(const cJSON *item, const char *path, void *out,
			   struct usm_config_error *err)
{
	return usm_json_object(item, path, policy_keys, ARRAY_SIZE(policy_keys),
			       out, err);
}

int usm_config_check_policy(const struct usm_config *config,
			    struct usm_config_error *err)
{
	static const char reason[] = "without swap nothing is evicted";

	if (!config->swap_bytes && *config->evict_policy)
		return usm_json_error(err, "policy.evict", reason);
	if (!config->swap_bytes && config->evict_options.nr)
		return usm_json_error(err, "policy.evict_options", reason);
	if (!config->swap_bytes && *config->prefetch_policy)
		return usm_json_error(err, "policy.prefetch", reason);
	if (config->prefetch_options.nr && !*config->prefetch_policy)
		return usm_json_error(err, "policy.prefetch_options",
				      "without policy.prefetch nothing is "
				      "read ahead");
	return 0;
}

bool usm_config_print_policy(const struct usm_config *config, cJSON *root)
{
	const char *oom =
		*config->oom_policy ? config->oom_policy : usm_oom_policies[0];
	cJSON *policy = cJSON_AddObjectToObject(root, "policy");

	if (!policy ||
	    !usm_settings_print(config->alloc_policy, &config->alloc_options,
				policy, "alloc", "alloc_options") ||
	    !usm_settings_print(oom, &config->oom_options, policy, "oom",
				"oom_options"))
		return false;
	if (!config->swap_bytes)
		return true;
	return usm_settings_print(config->evict_policy, &config->evict_options,
				  policy, "evict", "evict_options") &&
	       usm_settings_print(config->prefetch_policy,
				  &config->prefetch_options, policy, "prefetch",
				  "prefetch_options");
}
