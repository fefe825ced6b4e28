// SPDX-License-Identifier: MIT
#include "config_swap.h"

#include <inttypes.h>
#include <stddef.h>

#include "size.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define AT(field) offsetof(struct usm_config, field)

static int read_bytes(const cJSON *item, const char *path, void *out,
		      struct usm_config_error *err)
{
	uint64_t bytes = 0;
	int ret = usm_json_size(item, path, &bytes, err);

	if (ret)
		return ret;
	if (!bytes || bytes % USM_PAGE_SIZE || bytes > USM_SWAP_MAX)
		return usm_json_error(
			err, path,
			"must be a multiple of %u bytes, above zero and at "
			"most %" PRIu64,
			USM_PAGE_SIZE, USM_SWAP_MAX);
	*(uint64_t *)out = bytes;
	return 0;
}

static int read_percent(const cJSON *item, const char *path, void *out,
			struct usm_config_error *err)
{
	return usm_json_small(item, path, 0, USM_FREE_PERCENT_MAX, out, err);
}

const char *const usm_swap_kind_names[] = {
	[USM_SWAP_FILE] = "file",
	[USM_SWAP_LZ4] = "lz4",
	[USM_SWAP_ZSTD] = "zstd",
	[USM_SWAP_TIERED] = "tiered",
};

static int read_device(const cJSON *item, const char *path, void *out,
		       struct usm_config_error *err)
{
	struct usm_config *config = out;
	unsigned int kind = 0;
	int ret = usm_json_choice(item, path, usm_swap_kind_names,
				  ARRAY_SIZE(usm_swap_kind_names),
				  "must be file, lz4, zstd or tiered", &kind,
				  err);

	if (!ret)
		config->swap_kind = (enum usm_swap_kind)kind;
	return ret;
}

static const struct usm_json_key swap_keys[] = {
	{ "size", true, read_bytes, AT(swap_bytes) },
	{ "device", false, read_device, 0 },
	{ "memory_max", false, read_bytes, AT(swap_memory_max) },
	{ "free_low", false, read_percent, AT(free_low_percent) },
	{ "free_high", false, read_percent, AT(free_high_percent) },
};

int usm_config_read_swap(const cJSON *item, const char *path, void *out,
			 struct usm_config_error *err)
{
	struct usm_config *config = out;
	int ret = usm_json_object(item, path, swap_keys, ARRAY_SIZE(swap_keys),
				  out, err);

	if (!ret && config->free_high_percent <= config->free_low_percent)
		ret = usm_json_error(err, path,
				     "free_high must be above free_low");
	return ret;
}

static uint64_t least_memory(const struct usm_config *config)
{
	uint64_t bytes = USM_SWAP_MEMORY_MIN + config->swap_bytes / 512;

	return bytes - bytes % USM_PAGE_SIZE;
}

/* What the daemon's limit leaves for packed pages. */
static uint64_t most_memory(const struct usm_config *config)
{
	if (!config->cgroup_memory_max)
		return UINT64_MAX;
	return config->cgroup_memory_max - USM_CGROUP_MEMORY_MIN;
}

/*
 * Half the size: most pages pack to less. But no more than the daemon may
 * take.
 */
static uint64_t default_memory(const struct usm_config *config)
{
	uint64_t bytes = config->swap_bytes / 2;

	bytes -= bytes % USM_PAGE_SIZE;
	if (bytes > most_memory(config))
		bytes = most_memory(config);
	return bytes < least_memory(config) ? least_memory(config) : bytes;
}

int usm_config_check_swap(struct usm_config *config,
			  struct usm_config_error *err)
{
	if (!usm_swap_in_memory(config->swap_kind)) {
		if (config->swap_memory_max)
			return usm_json_error(
				err, "swap.memory_max",
				"only lz4, zstd and tiered keep pages in memory");
		return 0;
	}
	if (!config->swap_memory_max)
		config->swap_memory_max = default_memory(config);
	if (config->swap_memory_max < least_memory(config))
		return usm_json_error(err, "swap.memory_max",
				      "must be at least %" PRIu64
				      " bytes for this swap.size",
				      least_memory(config));
	if (config->swap_memory_max > most_memory(config))
		return usm_json_error(
			err, "swap.memory_max",
			"%" PRIu64 " bytes count in cgroup.memory_max, which "
			"leaves %" PRIu64 " for them",
			config->swap_memory_max, most_memory(config));
	return 0;
}

bool usm_config_print_swap(const struct usm_config *config, cJSON *root)
{
	char text[USM_SIZE_TEXT];
	cJSON *swap;

	if (!config->swap_bytes)
		return true;
	swap = cJSON_AddObjectToObject(root, "swap");
	if (!swap)
		return false;
	usm_size_format(config->swap_bytes, text, sizeof(text));
	if (!cJSON_AddStringToObject(swap, "size", text) ||
	    !cJSON_AddStringToObject(swap, "device",
				     usm_swap_kind_names[config->swap_kind]))
		return false;
	if (usm_swap_in_memory(config->swap_kind)) {
		usm_size_format(config->swap_memory_max, text, sizeof(text));
		if (!cJSON_AddStringToObject(swap, "memory_max", text))
			return false;
	}
	return cJSON_AddNumberToObject(swap, "free_low",
				       config->free_low_percent) &&
	       cJSON_AddNumberToObject(swap, "free_high",
				       config->free_high_percent);
}
