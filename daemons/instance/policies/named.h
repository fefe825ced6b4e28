/* SPDX-License-Identifier: MIT */
/*
 * named.h - one policy by its name: a built-in one, or NAME.so.
 *
 * Opened while the daemon still has its rights and loaded after it gave them
 * up, as library.h has it.
 */
#ifndef USM_INSTANCE_POLICIES_NAMED_H
#define USM_INSTANCE_POLICIES_NAMED_H

#include "common/json.h"
#include "common/settings.h"
#include "instance/failure.h"
#include "instance/policies/library.h"
#include "instance/policies/trusted.h"
#include "usm_policy.h"

struct usm_named_policy {
	enum usm_policy_kind kind;
	char field
		[USM_JSON_FIELD_SIZE]; /* that names it: "processes[0].evict" */
	char name[USM_POLICY_NAME_SIZE];
	/* Of the kind; NULL until loaded. */
	const struct usm_alloc_policy *alloc;
	const struct usm_evict_policy *evict;
	const struct usm_prefetch_policy *prefetch;
	const struct usm_oom_policy *oom;
	struct usm_policy_library library;
};

/*
 * Finds it among the built-in ones or opens its file.  *out is filled in any
 * case and must be closed.  Errors of usm_trusted_open(); *failure names field.
 */
int usm_named_policy_open(struct usm_named_policy *out,
			  enum usm_policy_kind kind, const char *field,
			  const char *name, const struct usm_trusted *where,
			  struct usm_failure *failure);

/*
 * Loads it if it is in a file: .alloc, .evict, .prefetch or .oom is there then.
 * EINVAL.
 */
int usm_named_policy_load(struct usm_named_policy *policy,
			  struct usm_failure *failure);

/*
 * Makes a small context with these options and ends it: does it start, and take
 * them?  What the policy answers; *failure names the option.  Once loaded.
 */
int usm_named_policy_try(const struct usm_named_policy *policy,
			 const struct usm_settings *settings,
			 struct usm_failure *failure);

/* Unloads it; it must not be in use.  A zeroed one is fine. */
void usm_named_policy_close(struct usm_named_policy *policy);

#endif /* USM_INSTANCE_POLICIES_NAMED_H */
