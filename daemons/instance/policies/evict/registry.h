/* SPDX-License-Identifier: MIT */
/*
 * registry.h - the eviction policies this program was built with.
 */
#ifndef USM_INSTANCE_POLICIES_EVICT_REGISTRY_H
#define USM_INSTANCE_POLICIES_EVICT_REGISTRY_H

#include "usm_policy.h"

extern const struct usm_evict_policy usm_evict_clock;
extern const struct usm_evict_policy usm_evict_fifo;
extern const struct usm_evict_policy usm_evict_lru;
extern const struct usm_evict_policy usm_evict_s3_fifo;
extern const struct usm_evict_policy usm_evict_sieve;

/* All of them, NULL at the end. */
extern const struct usm_evict_policy *const usm_evict_registry[];

/* The policy of that name, or NULL. */
const struct usm_evict_policy *usm_evict_policy_find(const char *name);

#endif /* USM_INSTANCE_POLICIES_EVICT_REGISTRY_H */
