/* SPDX-License-Identifier: MIT */
#include "instance/policies/named.h"

#include <stdio.h>

#include "instance/policies/alloc/registry.h"
#include "instance/policies/evict/registry.h"

static bool is_there(const struct usm_named_policy *policy)
{
	return policy->alloc || policy->evict;
}

int usm_named_policy_open(struct usm_named_policy *out,
			  enum usm_policy_kind kind, const char *field,
			  const char *name, const struct usm_trusted *where,
			  struct usm_failure *failure)
{
	char file[USM_POLICY_NAME_SIZE + sizeof(".so")];

	*out = (struct usm_named_policy){
		.kind = kind,
		.library = USM_POLICY_LIBRARY_NONE,
	};
	snprintf(out->field, sizeof(out->field), "%s", field);
	snprintf(out->name, sizeof(out->name), "%s", name);
	if (kind == USM_POLICY_ALLOC)
		out->alloc = usm_alloc_policy_find(name);
	else
		out->evict = usm_evict_policy_find(name);
	if (is_there(out))
		return 0;
	snprintf(file, sizeof(file), "%s.so", out->name);
	return usm_trusted_open(where, field, file, &out->library.fd, failure);
}

int usm_named_policy_load(struct usm_named_policy *policy,
			  struct usm_failure *failure)
{
	struct usm_policy_library *library = &policy->library;
	int err;

	if (is_there(policy))
		return 0;
	err = usm_policy_library_load(library->fd, policy->kind, policy->field,
				      policy->name, library, failure);
	if (err)
		return err;
	if (policy->kind == USM_POLICY_ALLOC)
		policy->alloc = &library->table.alloc;
	else
		policy->evict = &library->table.evict;
	return 0;
}

void usm_named_policy_close(struct usm_named_policy *policy)
{
	if (policy->kind)
		usm_policy_library_close(&policy->library);
	*policy = (struct usm_named_policy){ 0 };
}
