// SPDX-License-Identifier: MIT
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_cgroup.h"
#include "name.h"
#include "size.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define AT(field) offsetof(struct usm_config, field)

static int read_name(const cJSON *item, const char *path, void *out,
		     struct usm_config_error *err)
{
	const char *name;
	int ret = usm_json_string(item, path, &name, err);

	if (ret)
		return ret;
	if (!usm_name_valid(name))
		return usm_json_error(
			err, path,
			"must be 1 to %d characters of a-z, 0-9 and -",
			USM_NAME_MAX);
	snprintf(out, USM_NAME_SIZE, "%s", name);
	return 0;
}

static int read_memory(const cJSON *item, const char *path, void *out,
		       struct usm_config_error *err)
{
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
	*(uint64_t *)out = bytes;
	return 0;
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
	unsigned int on_loss = 0;
	int ret = usm_json_choice(
		item, path, usm_on_loss_names, ARRAY_SIZE(usm_on_loss_names),
		"must be fallback, queue or fail", &on_loss, err);

	if (!ret)
		config->on_loss = (enum usm_on_loss)on_loss;
	return ret;
}

static int read_deadline(const cJSON *item, const char *path, void *out,
			 struct usm_config_error *err)
{
	return usm_json_small(item, path, USM_DEADLINE_MS_MIN,
			      USM_DEADLINE_MS_MAX, out, err);
}

static int read_slots(const cJSON *item, const char *path, void *out,
		      struct usm_config_error *err)
{
	unsigned int slots = 0;
	int ret = usm_json_small(item, path, USM_SLOTS_MIN, USM_SLOTS_MAX,
				 &slots, err);

	if (ret)
		return ret;
	if (slots % USM_SLOTS_MIN)
		return usm_json_error(err, path, "must be a multiple of %d",
				      USM_SLOTS_MIN);
	*(unsigned int *)out = slots;
	return 0;
}

static int read_workers(const cJSON *item, const char *path, void *out,
			struct usm_config_error *err)
{
	unsigned int workers = 0;
	int ret = usm_json_small(item, path, 1, USM_WORKERS_MAX, &workers, err);

	if (ret)
		return ret;
	/* Slots are spread over them by the bits of a word. */
	if (workers & (workers - 1))
		return usm_json_error(err, path, "must be a power of two");
	*(unsigned int *)out = workers;
	return 0;
}

static const struct usm_json_key config_keys[] = {
	{ "name", true, read_name, AT(name) },
	{ "memory", true, read_memory, AT(memory_bytes) },
	{ "policy", false, usm_config_read_policy, 0 },
	{ "swap", false, usm_config_read_swap, 0 },
	{ "cgroup", false, usm_config_read_cgroup, 0 },
	{ "deadline_ms", false, read_deadline, AT(deadline_ms) },
	{ "slots", false, read_slots, AT(slots) },
	{ "workers", false, read_workers, AT(workers) },
	{ "on_daemon_loss", false, read_on_loss, 0 },
	{ "processes", false, usm_config_read_processes, AT(processes) },
	{ "thresholds", false, usm_config_read_thresholds, AT(thresholds) },
};

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
		ret = usm_config_check_policy(&config, err);
	if (!ret)
		ret = usm_config_check_swap(&config, err);
	if (!ret)
		ret = usm_config_check_processes(&config.processes,
						 config.swap_bytes, err);
	if (!ret)
		ret = usm_config_check_thresholds(&config.thresholds,
						  config.swap_bytes, err);
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

static bool print_all(const struct usm_config *config, cJSON *root)
{
	char memory[USM_SIZE_TEXT];

	usm_size_format(config->memory_bytes, memory, sizeof(memory));
	if (!cJSON_AddStringToObject(root, "name", config->name) ||
	    !cJSON_AddStringToObject(root, "memory", memory))
		return false;
	return usm_config_print_policy(config, root) &&
	       usm_config_print_swap(config, root) &&
	       usm_config_print_cgroup(config, root) &&
	       cJSON_AddNumberToObject(root, "deadline_ms",
				       config->deadline_ms) &&
	       cJSON_AddNumberToObject(root, "slots", config->slots) &&
	       cJSON_AddNumberToObject(root, "workers", config->workers) &&
	       cJSON_AddStringToObject(root, "on_daemon_loss",
				       usm_on_loss_names[config->on_loss]) &&
	       usm_config_print_processes(&config->processes, root) &&
	       usm_config_print_thresholds(&config->thresholds, root);
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
