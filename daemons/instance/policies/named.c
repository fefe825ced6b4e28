/* SPDX-License-Identifier: MIT */
#include "instance/policies/named.h"

#include <errno.h>
#include <stdio.h>

#include "instance/arena/arena.h"
#include "instance/policies/alloc/registry.h"
#include "instance/policies/evict/registry.h"
#include "instance/policies/oom/registry.h"
#include "instance/policies/options.h"
#include "instance/policies/prefetch/registry.h"

static bool is_there(const struct usm_named_policy *policy)
{
	return policy->alloc || policy->evict || policy->prefetch ||
	       policy->oom;
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
	switch (kind) {
	case USM_POLICY_ALLOC:
		out->alloc = usm_alloc_policy_find(name);
		break;
	case USM_POLICY_EVICT:
		out->evict = usm_evict_policy_find(name);
		break;
	case USM_POLICY_PREFETCH:
		out->prefetch = usm_prefetch_policy_find(name);
		break;
	case USM_POLICY_OOM:
		out->oom = usm_oom_policy_find(name);
		break;
	}
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
	switch (policy->kind) {
	case USM_POLICY_ALLOC:
		policy->alloc = &library->table.alloc;
		break;
	case USM_POLICY_EVICT:
		policy->evict = &library->table.evict;
		break;
	case USM_POLICY_PREFETCH:
		policy->prefetch = &library->table.prefetch;
		break;
	case USM_POLICY_OOM:
		policy->oom = &library->table.oom;
		break;
	}
	return 0;
}

static int try_alloc(const struct usm_alloc_policy *policy,
		     const struct usm_policy_options *options,
		     struct usm_failure *failure)
{
	static const struct usm_extent few = { 0, USM_RUN_FRAMES_MAX };
	struct usm_arena *arena = NULL;
	void *ctx = NULL;
	int err = usm_arena_create(&few, 1, policy->run_frames, &arena);

	if (!err)
		err = policy->init(arena, &ctx);
	if (err)
		err = usm_fail(failure, USM_EXIT_FAILED, EINVAL,
			       "%s: \"%s\" does not start", options->field,
			       policy->name);
	else
		err = usm_policy_configure(options, policy->config, ctx,
					   failure);
	if (ctx)
		policy->fini(ctx);
	usm_arena_destroy(arena);
	return err;
}

static int try_evict(const struct usm_evict_policy *policy,
		     const struct usm_policy_options *options,
		     struct usm_failure *failure)
{
	void *ctx = NULL;
	int err = policy->init(USM_RUN_FRAMES_MAX, &ctx);

	if (err)
		err = usm_fail(failure, USM_EXIT_FAILED, EINVAL,
			       "%s: \"%s\" does not start", options->field,
			       policy->name);
	else
		err = usm_policy_configure(options, policy->config, ctx,
					   failure);
	if (ctx)
		policy->fini(ctx);
	return err;
}

int usm_named_policy_try(const struct usm_named_policy *policy,
			 const struct usm_settings *settings,
			 struct usm_failure *failure)
{
	char field[sizeof(policy->field) + sizeof("_options")];
	const struct usm_policy_options options = {
		.field = field,
		.policy = policy->name,
		.settings = settings,
	};

	snprintf(field, sizeof(field), "%s_options", policy->field);
	return policy->alloc ? try_alloc(policy->alloc, &options, failure)
			     : try_evict(policy->evict, &options, failure);
}

void usm_named_policy_close(struct usm_named_policy *policy)
{
	if (policy->kind)
		usm_policy_library_close(&policy->library);
	*policy = (struct usm_named_policy){ 0 };
}
