/* SPDX-License-Identifier: MIT */
#include "instance/policies/prefetch/checked.h"

#include <errno.h>
#include <stdlib.h>

#include "common/frame_size.h"
#include "instance/policies/stats.h"

/* Above this no process of x86-64 has pages, with five-level page tables. */
#define USER_END (1ULL << 56)

struct usm_checked_prefetch {
	const struct usm_prefetch_policy *policy;
	void *ctx;
	uint64_t overruled;
};

static int make_context(struct usm_checked_prefetch *checked,
			const struct usm_settings *settings,
			struct usm_failure *failure)
{
	const struct usm_policy_options options = {
		.field = "policy.prefetch_options",
		.policy = checked->policy->name,
		.settings = settings,
	};
	void *ctx = NULL;
	int err = checked->policy->init(&ctx);

	if (err)
		return usm_policy_not_started(
			"policy.prefetch", checked->policy->name, err, failure);
	checked->ctx = ctx;
	return usm_policy_configure(&options, checked->policy->config, ctx,
				    failure);
}

int usm_checked_prefetch_create(const struct usm_prefetch_policy *policy,
				const struct usm_settings *settings,
				struct usm_checked_prefetch **out,
				struct usm_failure *failure)
{
	struct usm_checked_prefetch *checked = calloc(1, sizeof(*checked));
	int err;

	if (!checked)
		return usm_fail(failure, USM_EXIT_FAILED, ENOMEM,
				"out of memory");
	checked->policy = policy;
	err = make_context(checked, settings, failure);
	if (err) {
		usm_checked_prefetch_destroy(checked);
		return err;
	}
	*out = checked;
	return 0;
}

void usm_checked_prefetch_destroy(struct usm_checked_prefetch *checked)
{
	if (!checked)
		return;
	if (checked->ctx)
		checked->policy->fini(checked->ctx);
	free(checked);
}

uint32_t usm_checked_prefetch_fault(struct usm_checked_prefetch *checked,
				    const struct usm_fault *fault,
				    uint64_t *wants, uint32_t nr)
{
	uint32_t named, kept = 0, i;

	named = checked->policy->fault(checked->ctx, fault, wants, nr);
	if (named > nr) {
		checked->overruled += named - nr;
		named = nr;
	}
	for (i = 0; i < named; i++) {
		if (wants[i] % USM_FRAME_BYTES || wants[i] >= USER_END)
			checked->overruled++;
		else
			wants[kept++] = wants[i];
	}
	return kept;
}

void usm_checked_prefetch_used(struct usm_checked_prefetch *checked,
			       uint32_t member, uint64_t addr)
{
	if (checked->policy->used)
		checked->policy->used(checked->ctx, member, addr);
}

void usm_checked_prefetch_unused(struct usm_checked_prefetch *checked,
				 uint32_t member, uint64_t addr)
{
	if (checked->policy->unused)
		checked->policy->unused(checked->ctx, member, addr);
}

void usm_checked_prefetch_process_new(struct usm_checked_prefetch *checked,
				      const struct usm_process *process)
{
	if (checked->policy->process_new)
		checked->policy->process_new(checked->ctx, process);
}

void usm_checked_prefetch_process_exit(struct usm_checked_prefetch *checked,
				       uint32_t member)
{
	if (checked->policy->process_exit)
		checked->policy->process_exit(checked->ctx, member);
}

bool usm_checked_prefetch_remembers(const struct usm_checked_prefetch *checked)
{
	return checked->policy->remember;
}

uint32_t usm_checked_prefetch_remember(struct usm_checked_prefetch *checked,
				       uint32_t member, void *data,
				       uint32_t room)
{
	uint32_t bytes = 0;

	if (checked->policy->remember)
		bytes = checked->policy->remember(checked->ctx, member, data,
						  room);
	if (bytes <= room)
		return bytes;
	checked->overruled++;
	return 0;
}

void usm_checked_prefetch_recall(struct usm_checked_prefetch *checked,
				 uint32_t member, const void *data,
				 uint32_t bytes)
{
	if (checked->policy->recall)
		checked->policy->recall(checked->ctx, member, data, bytes);
}

const char *
usm_checked_prefetch_name(const struct usm_checked_prefetch *checked)
{
	return checked->policy->name;
}

uint32_t usm_checked_prefetch_stats(const struct usm_checked_prefetch *checked,
				    struct usm_policy_stat *stats, uint32_t nr)
{
	const struct usm_policy_stat own = { "overruled", checked->overruled };

	return usm_policy_stats(&own, 1, checked->policy->stats, checked->ctx,
				stats, nr);
}
