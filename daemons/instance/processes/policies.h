/* SPDX-License-Identifier: MIT */
/*
 * policies.h - the eviction policies that entries of "processes" name.
 */
#ifndef USM_INSTANCE_PROCESSES_POLICIES_H
#define USM_INSTANCE_PROCESSES_POLICIES_H

#include "common/config_processes.h"
#include "instance/evict/pager.h"
#include "instance/policies/named.h"

struct usm_process_policies {
	const struct usm_config_processes *processes; /* borrowed */
	struct usm_named_policy policy[USM_PROCESSES_MAX];
};

/*
 * Opens their files, and later loads them.  *out must be closed in any case.
 * Errors as for usm_named_policy_open() and usm_named_policy_load().
 */
int usm_process_policies_open(struct usm_process_policies *out,
			      const struct usm_config_processes *processes,
			      const struct usm_trusted *where,
			      struct usm_failure *failure);
int usm_process_policies_load(struct usm_process_policies *policies,
			      struct usm_failure *failure);

/*
 * Makes a group of each entry, in order.  *failure names the entry and says
 * why it cannot be done.
 */
int usm_process_policies_apply(const struct usm_process_policies *policies,
			       struct usm_pager *pager,
			       struct usm_failure *failure);

/* Unloads them; none may be in use.  A zeroed one is fine. */
void usm_process_policies_close(struct usm_process_policies *policies);

#endif /* USM_INSTANCE_PROCESSES_POLICIES_H */
