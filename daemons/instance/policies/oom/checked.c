/* SPDX-License-Identifier: MIT */
#include "instance/policies/oom/checked.h"

#include <errno.h>
#include <stdlib.h>

#include "instance/policies/options.h"
#include "instance/policies/stats.h"

struct usm_checked_oom {
	struct usm_checked_oom_options options;
	void *ctx;
	uint64_t asked_at; /* for a killing; 0: never */
	uint64_t overruled, fallbacks, waits, kills;
};

int usm_checked_oom_create(const struct usm_checked_oom_options *options,
			   struct usm_checked_oom **out,
			   struct usm_failure *failure)
{
	const struct usm_oom_policy *policy = options->policy;
	struct usm_checked_oom *checked = calloc(1, sizeof(*checked));
	const struct usm_policy_options configured = {
		.field = "policy.oom_options",
		.policy = policy->name,
		.settings = options->settings,
	};
	void *ctx = NULL;
	int err;

	if (!checked)
		return usm_fail(failure, USM_EXIT_FAILED, ENOMEM,
				"out of memory");
	checked->options = *options;
	err = policy->init(&ctx);
	if (err) {
		free(checked);
		return usm_policy_not_started("policy.oom", policy->name, err,
					      failure);
	}
	checked->ctx = ctx;
	err = usm_policy_configure(&configured, policy->config, ctx, failure);
	if (err) {
		usm_checked_oom_destroy(checked);
		return err;
	}
	*out = checked;
	return 0;
}

void usm_checked_oom_destroy(struct usm_checked_oom *checked)
{
	if (!checked)
		return;
	checked->options.policy->fini(checked->ctx);
	free(checked);
}

/* False: nobody can kill. */
static bool ask_for_killing(struct usm_checked_oom *checked, uint64_t now)
{
	const struct usm_checked_oom_options *options = &checked->options;

	if (!options->kill)
		return false;
	if (checked->asked_at && now - checked->asked_at < USM_OOM_ASK_PAUSE_NS)
		return true;
	checked->asked_at = now;
	checked->kills++;
	options->kill(options->kill_ctx);
	return true;
}

static uint64_t since_killing(const struct usm_checked_oom *checked,
			      uint64_t now)
{
	const struct usm_checked_oom_options *options = &checked->options;
	uint64_t at = options->kill ? options->killed_at(options->kill_ctx) : 0;

	if (!at)
		return UINT64_MAX;
	return now > at ? now - at : 0;
}

static bool carry_out(struct usm_checked_oom *checked, uint32_t verdict,
		      uint64_t now)
{
	switch (verdict) {
	case USM_OOM_FALLBACK:
		return false;
	case USM_OOM_WAIT:
		return true;
	case USM_OOM_KILL:
		if (ask_for_killing(checked, now))
			return true;
		break;
	default:
		break;
	}
	checked->overruled++;
	return false;
}

bool usm_checked_oom_waits(struct usm_checked_oom *checked,
			   const struct usm_fault *fault, uint64_t waited_ns,
			   uint64_t now)
{
	const struct usm_checked_oom_options *options = &checked->options;
	const struct usm_oom oom = {
		.waited_ns = waited_ns,
		.limit_ns = options->limit_ns,
		.killed_ns = since_killing(checked, now),
		.member = fault->member,
		.tgid = fault->tgid,
	};
	bool waits = carry_out(
		checked, options->policy->decide(checked->ctx, &oom), now);

	if (waits && waited_ns >= options->limit_ns) {
		checked->overruled++;
		waits = false;
	}
	if (waits)
		checked->waits++;
	else
		checked->fallbacks++;
	return waits;
}

uint32_t usm_checked_oom_stats(const struct usm_checked_oom *checked,
			       struct usm_policy_stat *stats, uint32_t nr)
{
	const struct usm_policy_stat own[] = {
		{ "overruled", checked->overruled },
		{ "fallbacks", checked->fallbacks },
		{ "waits", checked->waits },
		{ "kills", checked->kills },
	};

	return usm_policy_stats(own, sizeof(own) / sizeof(own[0]),
				checked->options.policy->stats, checked->ctx,
				stats, nr);
}

const char *usm_checked_oom_name(const struct usm_checked_oom *checked)
{
	return checked->options.policy->name;
}
