/* SPDX-License-Identifier: MIT */
/*
 * registry.h - the allocation policies this program was built with.
 */
#ifndef USM_INSTANCE_POLICIES_ALLOC_REGISTRY_H
#define USM_INSTANCE_POLICIES_ALLOC_REGISTRY_H

#include "usm_policy.h"

extern const struct usm_alloc_policy usm_alloc_first_fit;
extern const struct usm_alloc_policy usm_alloc_extent;
extern const struct usm_alloc_policy usm_alloc_batch;
extern const struct usm_alloc_policy usm_alloc_zeroed;

/* All of them, NULL at the end. */
extern const struct usm_alloc_policy *const usm_alloc_registry[];

/* The policy of that name, or NULL. */
const struct usm_alloc_policy *usm_alloc_policy_find(const char *name);

#endif /* USM_INSTANCE_POLICIES_ALLOC_REGISTRY_H */
