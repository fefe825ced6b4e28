/* SPDX-License-Identifier: MIT */
/*
 * config.h - the configuration of one instance.
 *
 * The same JSON object is the body of POST /v1/instances, the --config file of
 * usm-instance and the manager's state file; api/instance.schema.json
 * describes it.
 */
#ifndef USM_COMMON_CONFIG_H
#define USM_COMMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config_processes.h"
#include "config_thresholds.h"
#include "json.h"
#include "settings.h"
#include "usm.h"

#define USM_PAGE_SIZE 4096U

/* USM_FRAME_NONE is no frame, so the largest partition has one less. */
#define USM_MEMORY_MAX ((uint64_t)(USM_FRAME_NONE - 1) * USM_PAGE_SIZE)

/* Slots of a swap device are numbered in 32 bits, and one is a header. */
#define USM_SWAP_MAX ((uint64_t)(UINT32_MAX - 1) * USM_PAGE_SIZE)

/* More kept free than this would be a smaller partition. */
#define USM_FREE_PERCENT_MAX 50U

/* Below this the policy daemon itself cannot start under the limit. */
#define USM_CGROUP_MEMORY_MIN (1ULL << 20)

/* A hundred processors' worth; a larger number is a typing mistake. */
#define USM_CGROUP_CPU_MAX 10000U

/* A configuration is a few hundred bytes; the same limit as a REST body. */
#define USM_CONFIG_TEXT_MAX 65536U

/* Where evicted pages go. */
enum usm_swap_kind {
	USM_SWAP_FILE, /* to a file */
	USM_SWAP_LZ4, /* packed, in memory */
	USM_SWAP_ZSTD,
	USM_SWAP_TIERED, /* packed, in memory, and what does not fit to a file */
};

/* What "swap.device" can be, by enum usm_swap_kind. */
extern const char *const usm_swap_kind_names[];

/* Does such a device keep pages in memory? */
static inline bool usm_swap_in_memory(enum usm_swap_kind kind)
{
	return kind != USM_SWAP_FILE;
}

struct usm_config {
	char name[USM_NAME_SIZE];
	uint64_t memory_bytes; /* multiple of USM_PAGE_SIZE */
	char alloc_policy[USM_POLICY_NAME_SIZE];
	char evict_policy[USM_POLICY_NAME_SIZE]; /* only with swap_bytes */
	/* Empty: no page is read before it is needed. */
	char prefetch_policy[USM_POLICY_NAME_SIZE]; /* only with swap_bytes */
	char oom_policy[USM_POLICY_NAME_SIZE]; /* empty: the first built-in */
	struct usm_settings oom_options;
	struct usm_settings alloc_options;
	struct usm_settings evict_options;
	struct usm_settings prefetch_options; /* only with prefetch_policy */
	uint64_t swap_bytes; /* multiple of USM_PAGE_SIZE, 0: no swap */
	enum usm_swap_kind swap_kind;
	uint64_t swap_memory_max; /* bytes, 0: it keeps nothing in memory */
	unsigned int free_low_percent; /* of the partition: evict below */
	unsigned int free_high_percent; /* and until so much is free */
	uint64_t cgroup_memory_max; /* bytes, 0: no limit */
	unsigned int cgroup_cpu_percent; /* of one processor, 0: no limit */
	unsigned int deadline_ms;
	unsigned int slots;
	unsigned int workers; /* a power of two */
	enum usm_on_loss on_loss;
	struct usm_config_processes processes;
	struct usm_config_thresholds thresholds;
};

/* What "on_daemon_loss" can be, by enum usm_on_loss. */
extern const char *const usm_on_loss_names[];

/* Names of the policies that are built in, NULL at the end. */
extern const char *const usm_alloc_policies[];
extern const char *const usm_evict_policies[];
extern const char *const usm_prefetch_policies[];
extern const char *const usm_oom_policies[];

/*
 * Reads a configuration, fills in defaults, checks every limit.  Policies may
 * have any valid name: which there are is a matter of the machine
 * (policy_files.h).
 * Returns 0, -EINVAL with err naming field and reason, or -ENOMEM.
 * *out is untouched on failure.  Any thread.
 */
int usm_config_parse(const char *text, size_t len, struct usm_config *out,
		     struct usm_config_error *err);

/* Reads the name of a policy into out[USM_POLICY_NAME_SIZE].  -EINVAL. */
int usm_config_read_policy(const cJSON *item, const char *path, char *out,
			   struct usm_config_error *err);

/*
 * Reads a configuration file.  As usm_config_parse(), or -errno of reading it;
 * -EFBIG above USM_CONFIG_TEXT_MAX bytes.
 */
int usm_config_load(const char *path, struct usm_config *out,
		    struct usm_config_error *err);

/*
 * The JSON object of config, every field present but the cgroup limits that
 * are not set.  *out is owned by the caller, NULL when memory is short.
 */
void usm_config_print(const struct usm_config *config, cJSON **out);

#endif /* USM_COMMON_CONFIG_H */
