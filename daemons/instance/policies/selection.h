/* SPDX-License-Identifier: MIT */
/*
 * selection.h - the policies a configuration names that may change while the
 * instance runs, ready for use.
 *
 * Built-in ones are found by name; others are NAME.so in the directory for
 * policies.  Opening takes the rights the daemon starts with, loading none:
 * see library.h.
 */
#ifndef USM_INSTANCE_POLICIES_SELECTION_H
#define USM_INSTANCE_POLICIES_SELECTION_H

#include "common/config.h"
#include "instance/failure.h"
#include "instance/policies/library.h"
#include "instance/policies/named.h"
#include "instance/policies/trusted.h"

struct usm_policy_selection {
	const struct usm_alloc_policy *alloc; /* NULL until loaded */
	const struct usm_evict_policy *evict;
	struct usm_settings alloc_settings;
	struct usm_settings evict_settings;
	struct usm_settings prefetch_settings;
	struct usm_named_policy prefetch; /* .kind is 0: none */
	/* Of those that are not built in; before loading just the descriptor. */
	struct usm_policy_library alloc_library;
	struct usm_policy_library evict_library;
	char alloc_name[USM_POLICY_NAME_SIZE];
	char evict_name[USM_POLICY_NAME_SIZE];
};

/*
 * Opens the files of the policies that are not built in.  *out belongs to the
 * caller.  Errors of usm_trusted_open(), ENOMEM; *failure names the field.
 */
int usm_policy_selection_open(const struct usm_config *config,
			      const struct usm_trusted *where,
			      struct usm_policy_selection **out,
			      struct usm_failure *failure);

/* May its prefetch policy remember programs?  Once it is open. */
bool usm_policy_selection_remembers(
	const struct usm_policy_selection *selection);

/*
 * Loads them: .alloc, .evict and .prefetch.prefetch are there afterwards.
 * EINVAL, as for files.
 */
int usm_policy_selection_load(struct usm_policy_selection *selection,
			      struct usm_failure *failure);

/* Unloads and frees it; no policy of it may be in use.  NULL is fine. */
void usm_policy_selection_destroy(struct usm_policy_selection *selection);

#endif /* USM_INSTANCE_POLICIES_SELECTION_H */
