/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/* patient: a fault waits for half of what it may; only then somebody goes. */
#include <errno.h>
#include <stdlib.h>
#include "usm_policy.h"

#define A_WHILE 1000000000ULL /* ns for a victim's frames to come back */

struct patient {
	uint64_t spared; /* times that nobody was killed yet */
};

static int patient_init(void **ctx)
{
	*ctx = calloc(1, sizeof(struct patient));
	return *ctx ? 0 : -ENOMEM;
}

static uint32_t patient_decide(void *ctx, const struct usm_oom *oom)
{
	struct patient *patient = ctx;

	if (oom->waited_ns >= oom->limit_ns)
		return USM_OOM_FALLBACK;
	if (oom->waited_ns >= oom->limit_ns / 2 && oom->killed_ns > A_WHILE)
		return USM_OOM_KILL;
	patient->spared++;
	return USM_OOM_WAIT;
}

static uint32_t patient_stats(const void *ctx, struct usm_policy_stat *stats,
			      uint32_t nr)
{
	const struct patient *patient = ctx;

	if (nr)
		stats[0] =
			(struct usm_policy_stat){ "spared", patient->spared };
	return nr ? 1 : 0;
}

static const struct usm_oom_policy patient_policy = {
	USM_POLICY_HEAD(struct usm_oom_policy),
	.name = "patient",
	.summary = "waits, then has the largest killed",
	.init = patient_init,
	.fini = free,
	.decide = patient_decide,
	.stats = patient_stats,
};
USM_REGISTER_OOM_POLICY(patient_policy)
