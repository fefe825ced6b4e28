/* SPDX-License-Identifier: MIT */
/*
 * config_fields.h - what a configuration says, once it is read: config.h has
 * what is done with it.
 */
#ifndef USM_COMMON_CONFIG_FIELDS_H
#define USM_COMMON_CONFIG_FIELDS_H

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

/* Where evicted pages go. */
enum usm_swap_kind {
	USM_SWAP_FILE, /* to a file */
	USM_SWAP_LZ4, /* packed, in memory */
	USM_SWAP_ZSTD,
	USM_SWAP_TIERED, /* packed, in memory, and what does not fit to a file */
};

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

#endif /* USM_COMMON_CONFIG_FIELDS_H */
