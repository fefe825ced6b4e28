/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "usm_policy.h"

static int bad_init(void **ctx)
{
	*ctx = calloc(1, sizeof(uint32_t));
	return *ctx ? 0 : -ENOMEM;
}

static uint32_t bad_decide(void *ctx, const struct usm_oom *oom)
{
	const uint32_t *volatile nowhere = (const uint32_t *)8;

	(void)ctx, (void)oom;
	return *nowhere;
}

static const struct usm_oom_policy policy = {
	USM_POLICY_HEAD(struct usm_oom_policy),
	.name = "oom-crashes",
	.summary = "goes wrong at once",
	.init = bad_init,
	.fini = free,
	.decide = bad_decide,
};
USM_REGISTER_OOM_POLICY(policy)
