/* SPDX-License-Identifier: MIT */
/* fallback: the kernel's allocator serves what the partition has no room for. */
#include <errno.h>
#include <stdlib.h>

#include "instance/policies/oom/registry.h"

static int fallback_init(void **ctx)
{
	*ctx = calloc(1, 1);
	return *ctx ? 0 : -ENOMEM;
}

static uint32_t fallback_decide(void *ctx, const struct usm_oom *oom)
{
	(void)ctx;
	(void)oom;
	return USM_OOM_FALLBACK;
}

const struct usm_oom_policy usm_oom_fallback = {
	USM_POLICY_HEAD(struct usm_oom_policy),
	.name = "fallback",
	.summary = "the kernel's own allocator serves it",
	.init = fallback_init,
	.fini = free,
	.decide = fallback_decide,
};
