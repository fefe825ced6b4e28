/* SPDX-License-Identifier: MIT */
#include "instance/policies/selection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "instance/policies/alloc/registry.h"
#include "instance/policies/evict/registry.h"

static int open_file(const struct usm_trusted *where, const char *what,
		     const char *name, struct usm_policy_library *library,
		     struct usm_failure *failure)
{
	char file[USM_POLICY_NAME_SIZE + sizeof(".so")];

	snprintf(file, sizeof(file), "%s.so", name);
	return usm_trusted_open(where, what, file, &library->fd, failure);
}

int usm_policy_selection_open(const struct usm_config *config,
			      const struct usm_trusted *where,
			      struct usm_policy_selection **out,
			      struct usm_failure *failure)
{
	struct usm_policy_selection *made = calloc(1, sizeof(*made));
	int err = 0;

	if (!made)
		return usm_fail(failure, USM_EXIT_FAILED, ENOMEM,
				"out of memory");
	made->alloc_settings = config->alloc_options;
	made->evict_settings = config->evict_options;
	made->prefetch_settings = config->prefetch_options;
	made->alloc_library.fd = -1;
	made->evict_library.fd = -1;
	snprintf(made->alloc_name, sizeof(made->alloc_name), "%s",
		 config->alloc_policy);
	snprintf(made->evict_name, sizeof(made->evict_name), "%s",
		 config->evict_policy);
	made->alloc = usm_alloc_policy_find(made->alloc_name);
	made->evict = usm_evict_policy_find(made->evict_name);
	if (!made->alloc)
		err = open_file(where, "policy.alloc", made->alloc_name,
				&made->alloc_library, failure);
	if (!err && !made->evict)
		err = open_file(where, "policy.evict", made->evict_name,
				&made->evict_library, failure);
	if (!err && *config->prefetch_policy)
		err = usm_named_policy_open(
			&made->prefetch, USM_POLICY_PREFETCH, "policy.prefetch",
			config->prefetch_policy, where, failure);
	if (err) {
		usm_policy_selection_destroy(made);
		return err;
	}
	*out = made;
	return 0;
}

bool usm_policy_selection_remembers(
	const struct usm_policy_selection *selection)
{
	const struct usm_prefetch_policy *policy = selection->prefetch.prefetch;

	if (!selection->prefetch.kind)
		return false;
	/* What one in a file does is not known before it is loaded. */
	return !policy || policy->remember;
}

int usm_policy_selection_load(struct usm_policy_selection *selection,
			      struct usm_failure *failure)
{
	struct usm_policy_library *library;
	int err = 0;

	if (!selection->alloc) {
		library = &selection->alloc_library;
		err = usm_policy_library_load(
			library->fd, USM_POLICY_ALLOC, "policy.alloc",
			selection->alloc_name, library, failure);
		if (!err)
			selection->alloc = &library->table.alloc;
	}
	if (!err && !selection->evict) {
		library = &selection->evict_library;
		err = usm_policy_library_load(
			library->fd, USM_POLICY_EVICT, "policy.evict",
			selection->evict_name, library, failure);
		if (!err)
			selection->evict = &library->table.evict;
	}
	if (!err && selection->prefetch.kind)
		err = usm_named_policy_load(&selection->prefetch, failure);
	return err;
}

void usm_policy_selection_destroy(struct usm_policy_selection *selection)
{
	if (!selection)
		return;
	usm_policy_library_close(&selection->alloc_library);
	usm_policy_library_close(&selection->evict_library);
	usm_named_policy_close(&selection->prefetch);
	free(selection);
}
