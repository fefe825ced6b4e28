/* SPDX-License-Identifier: MIT */
/*
 * registry.h - the prefetch policies this program was built with.
 */
#ifndef USM_INSTANCE_POLICIES_PREFETCH_REGISTRY_H
#define USM_INSTANCE_POLICIES_PREFETCH_REGISTRY_H

#include "usm_policy.h"

extern const struct usm_prefetch_policy usm_prefetch_readahead;
extern const struct usm_prefetch_policy usm_prefetch_record_replay;
extern const struct usm_prefetch_policy usm_prefetch_stride;

/* All of them, NULL at the end. */
extern const struct usm_prefetch_policy *const usm_prefetch_registry[];

/* The policy of that name, or NULL. */
const struct usm_prefetch_policy *usm_prefetch_policy_find(const char *name);

#endif /* USM_INSTANCE_POLICIES_PREFETCH_REGISTRY_H */
