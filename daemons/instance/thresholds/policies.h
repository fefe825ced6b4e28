/* SPDX-License-Identifier: MIT */
/*
 * policies.h - the policies that "thresholds" name, and which are to serve at a
 * level.
 */
#ifndef USM_INSTANCE_THRESHOLDS_POLICIES_H
#define USM_INSTANCE_THRESHOLDS_POLICIES_H

#include "common/config_thresholds.h"
#include "instance/policies/named.h"

struct usm_threshold_policies {
	const struct usm_config_thresholds *thresholds; /* borrowed */
	struct usm_named_policy alloc[USM_THRESHOLDS_MAX];
	struct usm_named_policy evict[USM_THRESHOLDS_MAX];
};

/* By which threshold, counted from 1; 0: the instance's own policy. */
struct usm_threshold_choice {
	unsigned int alloc, evict;
};

/*
 * Opens their files, and later loads them and has each take its options once,
 * so that nothing is wrong when they are needed.  *out must be closed in any
 * case.  Errors as for usm_named_policy.
 */
int usm_threshold_policies_open(struct usm_threshold_policies *out,
				const struct usm_config_thresholds *thresholds,
				const struct usm_trusted *where,
				struct usm_failure *failure);
int usm_threshold_policies_load(struct usm_threshold_policies *policies,
				struct usm_failure *failure);

/*
 * With `level` thresholds reached: of each kind that of the highest one that
 * names one.  Pure.
 */
struct usm_threshold_choice
usm_threshold_choose(const struct usm_config_thresholds *thresholds,
		     unsigned int level);

/* Unloads them; none may be in use.  A zeroed one is fine. */
void usm_threshold_policies_close(struct usm_threshold_policies *policies);

#endif /* USM_INSTANCE_THRESHOLDS_POLICIES_H */
