/* SPDX-License-Identifier: MIT */
/*
 * kill-largest: the member with the most frames goes, and the others go on.
 *
 * A fault waits for the frames of who was killed; one that got none of them
 * by then has another killed.
 */
#include <errno.h>
#include <stdlib.h>

#include "instance/policies/oom/registry.h"

/* Until then whoever was killed has given its frames back, or is stuck. */
#define PAUSE_NS 2000000000ULL

static int kill_init(void **ctx)
{
	*ctx = calloc(1, 1);
	return *ctx ? 0 : -ENOMEM;
}

static uint32_t kill_decide(void *ctx, const struct usm_oom *oom)
{
	(void)ctx;
	return oom->killed_ns < PAUSE_NS ? USM_OOM_WAIT : USM_OOM_KILL;
}

const struct usm_oom_policy usm_oom_kill_largest = {
	USM_POLICY_HEAD(struct usm_oom_policy),
	.name = "kill-largest",
	.summary = "the member with the most frames is killed",
	.init = kill_init,
	.fini = free,
	.decide = kill_decide,
};
