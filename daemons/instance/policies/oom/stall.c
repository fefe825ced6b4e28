/* SPDX-License-Identifier: MIT */
/*
 * stall: the thread waits, for a while, until others have given frames back.
 *
 * Back-pressure: who asks for more than there is goes slower, in the place of
 * memory that is taken from everybody.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "instance/policies/oom/registry.h"

#define NS_PER_MS 1000000ULL

/* A minute: longer than any deadline of a fault. */
#define LIMIT_MS_MAX 60000UL

struct stall {
	uint64_t limit_ns; /* UINT64_MAX: as long as it may */
	uint64_t ended; /* in vain */
};

static int stall_init(void **ctx)
{
	struct stall *stall = calloc(1, sizeof(*stall));

	if (!stall)
		return -ENOMEM;
	stall->limit_ns = UINT64_MAX;
	*ctx = stall;
	return 0;
}

static uint32_t stall_decide(void *ctx, const struct usm_oom *oom)
{
	struct stall *stall = ctx;

	if (oom->waited_ns < stall->limit_ns && oom->waited_ns < oom->limit_ns)
		return USM_OOM_WAIT;
	stall->ended++;
	return USM_OOM_FALLBACK;
}

static int stall_config(void *ctx, const char *key, const char *value,
			const char **why)
{
	struct stall *stall = ctx;
	unsigned long ms;
	char *end;

	if (strcmp(key, "limit_ms"))
		return -ENOENT;
	*why = "must be a number of milliseconds from 1 to 60000";
	if (*value < '0' || *value > '9')
		return -EINVAL;
	ms = strtoul(value, &end, 10);
	if (*end || !ms || ms > LIMIT_MS_MAX)
		return -EINVAL;
	stall->limit_ns = ms * NS_PER_MS;
	return 0;
}

static uint32_t stall_stats(const void *ctx, struct usm_policy_stat *stats,
			    uint32_t nr)
{
	const struct stall *stall = ctx;

	if (nr)
		stats[0] = (struct usm_policy_stat){ "in_vain", stall->ended };
	return nr ? 1 : 0;
}

const struct usm_oom_policy usm_oom_stall = {
	USM_POLICY_HEAD(struct usm_oom_policy),
	.name = "stall",
	.summary = "its thread waits for frames, up to a limit",
	.init = stall_init,
	.fini = free,
	.decide = stall_decide,
	.config = stall_config,
	.stats = stall_stats,
};
