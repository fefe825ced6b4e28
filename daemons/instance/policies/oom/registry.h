/* SPDX-License-Identifier: MIT */
/*
 * registry.h - the policies for want of frames this program was built with.
 */
#ifndef USM_INSTANCE_POLICIES_OOM_REGISTRY_H
#define USM_INSTANCE_POLICIES_OOM_REGISTRY_H

#include <stdbool.h>

#include "usm_policy.h"

extern const struct usm_oom_policy usm_oom_fallback;
extern const struct usm_oom_policy usm_oom_kill_largest;
extern const struct usm_oom_policy usm_oom_stall;

/* All of them, NULL at the end. */
extern const struct usm_oom_policy *const usm_oom_registry[];

/* The policy of that name, or NULL. */
const struct usm_oom_policy *usm_oom_policy_find(const char *name);

/*
 * May it have members killed?  What one in a file does is not known before it
 * is loaded: NULL may.
 */
bool usm_oom_policy_kills(const struct usm_oom_policy *policy);

#endif /* USM_INSTANCE_POLICIES_OOM_REGISTRY_H */
