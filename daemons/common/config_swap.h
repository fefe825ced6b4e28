/* SPDX-License-Identifier: MIT */
/*
 * config_swap.h - the object "swap" of a configuration.
 */
#ifndef USM_COMMON_CONFIG_SWAP_H
#define USM_COMMON_CONFIG_SWAP_H

#include <stdbool.h>

#include "config_fields.h"
#include "json.h"

/* A few batches of a small partition; the rest is for pages. */
#define USM_FREE_LOW_DEFAULT 3U
#define USM_FREE_HIGH_DEFAULT 6U

/*
 * A store that packs pages has an index of 8 bytes for each, and takes memory
 * by chunks: this much, and a 512th of its size, before it holds anything of
 * note.
 */
#define USM_SWAP_MEMORY_MIN (1ULL << 20)

/* What "swap.device" can be, by enum usm_swap_kind. */
extern const char *const usm_swap_kind_names[];

/* Reads the object into a struct usm_config. */
int usm_config_read_swap(const cJSON *item, const char *path, void *out,
			 struct usm_config_error *err);

/* Fills in what depends on other fields, and holds them against each other. */
int usm_config_check_swap(struct usm_config *config,
			  struct usm_config_error *err);

/* Adds it to a configuration; false when memory is short. */
bool usm_config_print_swap(const struct usm_config *config, cJSON *root);

#endif /* USM_COMMON_CONFIG_SWAP_H */
