/* SPDX-License-Identifier: MIT */
/*
 * number.h - options of allocation policies that are numbers.
 */
#ifndef USM_INSTANCE_POLICIES_ALLOC_NUMBER_H
#define USM_INSTANCE_POLICIES_ALLOC_NUMBER_H

#include <stddef.h>
#include <stdint.h>

struct usm_alloc_number {
	const char *key; /* NULL ends a list of them */
	uint32_t min, max;
	size_t at; /* offset of the uint32_t in the context */
	const char *why; /* what it may be, for people */
};

/*
 * As a policy's .config, for the options of a list: -ENOENT, or -EINVAL with
 * *why; the context is unchanged then.
 */
int usm_alloc_number_set(const struct usm_alloc_number *options, void *ctx,
			 const char *key, const char *value, const char **why);

#endif /* USM_INSTANCE_POLICIES_ALLOC_NUMBER_H */
