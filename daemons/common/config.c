// SPDX-License-Identifier: MIT
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_swap.h"
#include "name.h"
#include "size.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

const char *const usm_alloc_policies[] = { "first-fit", "extent", "batch",
					   "zeroed", NULL };
const char *const usm_evict_policies[] = { "clock",   "fifo",  "lru",
					   "s3-fifo", "sieve", NULL };
const char *const usm_prefetch_policies[] = { "readahead", "stride", NULL };
const char *const usm_oom_policies[] = { "fallback", "kill-largest", "stall",
					 NULL };

static int read_name(const cJSON *item, const char *path, void *out,
		     struct usm_config_error *err)
{
	struct usm_config *config = out;
	const char *name;
	int ret = usm_json_string(item, path, &name, err);

	if (ret)
		return ret;
	if (!usm_name_valid(name))
		return usm_json_error(
			err, path,
			"must be 1 to %d characters of a-z, 0-9 and -",
			USM_NAME_MAX);
	snprintf(config->name, sizeof(config->name), "%s", name);
	return 0;
}

static int read_memory(const cJSON *item, const char *path, void *out,
		       struct usm_config_error *err)
{
	struct usm_config *config = out;
	uint64_t bytes = 0;
	int ret = usm_json_size(item, path, &bytes, err);

	if (ret)
		return ret;
	if (!bytes || bytes % USM_PAGE_SIZE)
		return usm_json_error(
			err, path, "must be a multiple of %u bytes, above zero",
			USM_PAGE_SIZE);
	if (bytes > USM_MEMORY_MAX)
		return usm_json_error(err, path,
				      "must be at most %" PRIu64 " bytes",
				      USM_MEMORY_MAX);
	config->memory_bytes = bytes;
	return 0;
}

int usm_config_read_policy(const cJSON *item, const char *path, char *out,
			   struct usm_config_error *err)
{
	const char *name;
	int ret = usm_json_string(item, path, &name, err);

	if (ret)
		return ret;
	if (!usm_name_valid(name) || strlen(name) >= USM_POLICY_NAME_SIZE)
		return usm_json_error(
			err, path,
			"must be 1 to %d characters of a-z, 0-9 and -",
			USM_POLICY_NAME_SIZE - 1);
	snprintf(out, USM_POLICY_NAME_SIZE, "%s", name);
	return 0;
}

static int read_alloc(const cJSON *item, const char *path, void *out,
		      struct usm_config_error *err)
{
	struct usm_config *config = out;

	return usm_config_read_policy(item, path, config->alloc_policy, err);
}

static int read_evict(const cJSON *item, const char *path, void *out,
		      struct usm_config_error *err)
{
	struct usm_config *config = out;

	return usm_config_read_policy(item, path, config->evict_policy, err);
}

static int read_prefetch(const cJSON *item, const char *path, void *out,
			 struct usm_config_error *err)
{
	struct usm_config *config = out;

	return usm_config_read_policy(item, path, config->prefetch_policy, err);
}

static int read_alloc_options(const cJSON *item, const char *path, void *out,
			      struct usm_config_error *err)
{
	struct usm_config *config = out;

	return usm_settings_read(item, path, &config->alloc_options, err);
}

static int read_evict_options(const cJSON *item, const char *path, void *out,
			      struct usm_config_error *err)
{
	struct usm_config *config = out;

	return usm_settings_read(item, path, &config->evict_options, err);
}

static int read_prefetch_options(const cJSON *item, const char *path, void *out,
				 struct usm_config_error *err)
{
	struct usm_config *config = out;

	return usm_settings_read(item, path, &config->prefetch_options, err);
}

static int read_oom(const cJSON *item, const char *path, void *out,
		    struct usm_config_error *err)
{
	struct usm_config *config = out;

	return usm_config_read_policy(item, path, config->oom_policy, err);
}

static int read_oom_options(const cJSON *item, const char *path, void *out,
			    struct usm_config_error *err)
{
	struct usm_config *config = out;

	return usm_settings_read(item, path, &config->oom_options, err);
}

const char *const usm_on_loss_names[] = {
	[USM_ON_LOSS_FALLBACK] = "fallback",
	[USM_ON_LOSS_QUEUE] = "queue",
	[USM_ON_LOSS_FAIL] = "fail",
};

static int read_on_loss(const cJSON *item, const char *path, void *out,
			struct usm_config_error *err)
{
	struct usm_config *config = out;
	const char *name;
	int ret = usm_json_string(item, path, &name, err);

	if (ret)
		return ret;
	for (size_t i = 0; i < ARRAY_SIZE(usm_on_loss_names); i++) {
		if (!strcmp(name, usm_on_loss_names[i])) {
			config->on_loss = (enum usm_on_loss)i;
			return 0;
		}
	}
	return usm_json_error(err, path, "must be fallback, queue or fail");
}

static const struct usm_json_key policy_keys[] = {
	{ "alloc", false, read_alloc },
	{ "alloc_options", false, read_alloc_options },
	{ "evict", false, read_evict },
	{ "evict_options", false, read_evict_options },
	{ "prefetch", false, read_prefetch },
	{ "prefetch_options", false, read_prefetch_options },
	{ "oom", false, read_oom },
	{ "oom_options", false, read_oom_options },
};

static int read_policy(const cJSON *item, const char *path, void *out,
		       struct usm_config_error *err)
{
	return usm_json_object(item, path, policy_keys, ARRAY_SIZE(policy_keys),
			       out, err);
}

static int read_cpu_max(const cJSON *item, const char *path, void *out,
			struct usm_config_error *err)
{
	struct usm_config *config = out;
	const char *text;
	char *end = NULL;
	unsigned long percent;
	int ret = usm_json_string(item, path, &text, err);

	if (ret)
		return ret;
	/* strtoul() would take blanks and a sign. */
	if (*text >= '0' && *text <= '9') {
		percent = strtoul(text, &end, 10);
		if (!strcmp(end, "%") && percent >= 1 &&
		    percent <= USM_CGROUP_CPU_MAX) {
			config->cgroup_cpu_percent = (unsigned int)percent;
			return 0;
		}
	}
	return usm_json_error(
		err, path,
		"must be a share of one processor from \"1%%\" to \"%u%%\"",
		USM_CGROUP_CPU_MAX);
}

static int read_memory_max(const cJSON *item, const char *path, void *out,
			   struct usm_config_error *err)
{
	struct usm_config *config = out;
	uint64_t bytes = 0;
	int ret = usm_json_size(item, path, &bytes, err);

	if (ret)
		return ret;
	if (bytes < USM_CGROUP_MEMORY_MIN || bytes % USM_PAGE_SIZE)
		return usm_json_error(
			err, path,
			"must be a multiple of %u bytes and at least %llu",
			USM_PAGE_SIZE, USM_CGROUP_MEMORY_MIN);
	config->cgroup_memory_max = bytes;
	return 0;
}

static const struct usm_json_key cgroup_keys[] = {
	{ "cpu_max", false, read_cpu_max },
	{ "memory_max", false, read_memory_max },
};

static int read_cgroup(const cJSON *item, const char *path, void *out,
		       struct usm_config_error *err)
{
	return usm_json_object(item, path, cgroup_keys, ARRAY_SIZE(cgroup_keys),
			       out, err);
}

static int read_deadline(const cJSON *item, const char *path, void *out,
			 struct usm_config_error *err)
{
	struct usm_config *config = out;
	uint64_t ms = 0;
	int ret = usm_json_uint(item, path, USM_DEADLINE_MS_MIN,
				USM_DEADLINE_MS_MAX, &ms, err);

	if (!ret)
		config->deadline_ms = (unsigned int)ms;
	return ret;
}

static int read_slots(const cJSON *item, const char *path, void *out,
		      struct usm_config_error *err)
{
	struct usm_config *config = out;
	uint64_t slots = 0;
	int ret = usm_json_uint(item, path, USM_SLOTS_MIN, USM_SLOTS_MAX,
				&slots, err);

	if (ret)
		return ret;
	if (slots % USM_SLOTS_MIN)
		return usm_json_error(err, path, "must be a multiple of %d",
				      USM_SLOTS_MIN);
	config->slots = (unsigned int)slots;
	return 0;
}

static int read_workers(const cJSON *item, const char *path, void *out,
			struct usm_config_error *err)
{
	struct usm_config *config = out;
	uint64_t workers = 0;
	int ret = usm_json_uint(item, path, 1, USM_WORKERS_MAX, &workers, err);

	if (ret)
		return ret;
	/* Slots are spread over them by the bits of a word. */
	if (workers & (workers - 1))
		return usm_json_error(err, path, "must be a power of two");
	config->workers = (unsigned int)workers;
	return 0;
}

static const struct usm_json_key config_keys[] = {
	{ "name", true, read_name },
	{ "memory", true, read_memory },
	{ "policy", false, read_policy },
	{ "swap", false, usm_config_read_swap },
	{ "cgroup", false, read_cgroup },
	{ "deadline_ms", false, read_deadline },
	{ "slots", false, read_slots },
	{ "workers", false, read_workers },
	{ "on_daemon_loss", false, read_on_loss },
	{ "processes", false, usm_config_read_processes },
	{ "thresholds", false, usm_config_read_thresholds },
};

/* What is about evicted pages, where there are none. */
static int check_evicting(const struct usm_config *config,
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

int usm_config_parse(const char *text, size_t len, struct usm_config *out,
		     struct usm_config_error *err)
{
	struct usm_config config = {
		.alloc_policy = "first-fit",
		.oom_policy = "fallback",
		.free_low_percent = USM_FREE_LOW_DEFAULT,
		.free_high_percent = USM_FREE_HIGH_DEFAULT,
		.deadline_ms = USM_DEADLINE_MS_DEFAULT,
		.slots = USM_SLOTS_DEFAULT,
		.workers = 1,
		.on_loss = USM_ON_LOSS_FALLBACK,
	};
	cJSON *root = NULL;
	int ret = usm_json_parse(text, len, &root, err);

	if (ret)
		return ret;
	ret = usm_json_object(root, "", config_keys, ARRAY_SIZE(config_keys),
			      &config, err);
	cJSON_Delete(root);
	if (!ret)
		ret = check_evicting(&config, err);
	if (!ret)
		ret = usm_config_check_swap(&config, err);
	if (!ret)
		ret = usm_config_check_processes(&config, err);
	if (!ret)
		ret = usm_config_check_thresholds(&config, err);
	if (!ret && !*config.evict_policy)
		snprintf(config.evict_policy, sizeof(config.evict_policy), "%s",
			 usm_evict_policies[0]);
	if (!ret)
		*out = config;
	return ret;
}

int usm_config_load(const char *path, struct usm_config *out,
		    struct usm_config_error *err)
{
	size_t len = 0;
	char *text;
	ssize_t n;
	int ret = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	text = malloc(USM_CONFIG_TEXT_MAX + 1);
	if (!text) {
		close(fd);
		return -ENOMEM;
	}
	do {
		n = read(fd, text + len, USM_CONFIG_TEXT_MAX + 1 - len);
		if (n < 0 && errno != EINTR)
			ret = -errno;
		if (n > 0)
			len += (size_t)n;
	} while (!ret && n && len <= USM_CONFIG_TEXT_MAX);
	close(fd);
	if (!ret && len > USM_CONFIG_TEXT_MAX)
		ret = -EFBIG;
	if (!ret)
		ret = usm_config_parse(text, len, out, err);
	free(text);
	return ret;
}

static bool print_cgroup(const struct usm_config *config, cJSON *root)
{
	char text[USM_SIZE_TEXT];
	cJSON *cgroup;

	if (!config->cgroup_cpu_percent && !config->cgroup_memory_max)
		return true;
	cgroup = cJSON_AddObjectToObject(root, "cgroup");
	if (!cgroup)
		return false;
	if (config->cgroup_cpu_percent) {
		snprintf(text, sizeof(text), "%u%%",
			 config->cgroup_cpu_percent);
		if (!cJSON_AddStringToObject(cgroup, "cpu_max", text))
			return false;
	}
	if (config->cgroup_memory_max) {
		usm_size_format(config->cgroup_memory_max, text, sizeof(text));
		if (!cJSON_AddStringToObject(cgroup, "memory_max", text))
			return false;
	}
	return true;
}

static bool print_oom(const struct usm_config *config, cJSON *policy)
{
	const char *name =
		*config->oom_policy ? config->oom_policy : usm_oom_policies[0];

	return cJSON_AddStringToObject(policy, "oom", name) &&
	       usm_settings_print(&config->oom_options, policy, "oom_options");
}

static bool print_policy(const struct usm_config *config, cJSON *root)
{
	cJSON *policy = cJSON_AddObjectToObject(root, "policy");

	if (!policy ||
	    !cJSON_AddStringToObject(policy, "alloc", config->alloc_policy) ||
	    !usm_settings_print(&config->alloc_options, policy,
				"alloc_options") ||
	    !print_oom(config, policy))
		return false;
	if (!config->swap_bytes)
		return true;
	if (!cJSON_AddStringToObject(policy, "evict", config->evict_policy) ||
	    !usm_settings_print(&config->evict_options, policy,
				"evict_options"))
		return false;
	return !*config->prefetch_policy ||
	       (cJSON_AddStringToObject(policy, "prefetch",
					config->prefetch_policy) &&
		usm_settings_print(&config->prefetch_options, policy,
				   "prefetch_options"));
}

static bool print_all(const struct usm_config *config, cJSON *root)
{
	char memory[USM_SIZE_TEXT];

	usm_size_format(config->memory_bytes, memory, sizeof(memory));
	if (!cJSON_AddStringToObject(root, "name", config->name) ||
	    !cJSON_AddStringToObject(root, "memory", memory))
		return false;
	return print_policy(config, root) &&
	       usm_config_print_swap(config, root) &&
	       print_cgroup(config, root) &&
	       cJSON_AddNumberToObject(root, "deadline_ms",
				       config->deadline_ms) &&
	       cJSON_AddNumberToObject(root, "slots", config->slots) &&
	       cJSON_AddNumberToObject(root, "workers", config->workers) &&
	       cJSON_AddStringToObject(root, "on_daemon_loss",
				       usm_on_loss_names[config->on_loss]) &&
	       usm_config_print_processes(config, root) &&
	       usm_config_print_thresholds(config, root);
}

void usm_config_print(const struct usm_config *config, cJSON **out)
{
	cJSON *root = cJSON_CreateObject();

	if (root && !print_all(config, root)) {
		cJSON_Delete(root);
		root = NULL;
	}
	*out = root;
}
