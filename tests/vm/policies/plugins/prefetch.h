/* SPDX-License-Identifier: MIT */
/*
 * prefetch.h - asks for nothing, until something goes wrong.  Included once by
 * each bad policy, which says what in go_wrong().
 */
#ifndef USM_VM_POLICIES_PREFETCH_H
#define USM_VM_POLICIES_PREFETCH_H

#include <errno.h>
#include <stdlib.h>

#include "usm_policy.h"

/* Pages that came back before; by then some are out all the time. */
#define GOOD_FAULTS 50

struct bad {
	uint32_t faults;
};

/* Writes wrong addresses. */
static uint32_t go_wrong(const struct bad *bad, const struct usm_fault *fault,
			 uint64_t *wants, uint32_t nr);

static int bad_init(void **ctx)
{
	*ctx = calloc(1, sizeof(struct bad));
	return *ctx ? 0 : -ENOMEM;
}

static uint32_t bad_fault(void *ctx, const struct usm_fault *fault,
			  uint64_t *wants, uint32_t nr)
{
	struct bad *bad = ctx;

	if (fault->kind != USM_FAULT_SWAPIN || bad->faults++ < GOOD_FAULTS)
		return 0;
	return go_wrong(bad, fault, wants, nr);
}

#define BAD_PREFETCH_POLICY(its_name)                        \
	static const struct usm_prefetch_policy policy = {   \
		USM_POLICY_HEAD(struct usm_prefetch_policy), \
		.name = its_name,                            \
		.summary = "goes wrong after some faults",   \
		.init = bad_init,                            \
		.fini = free,                                \
		.fault = bad_fault,                          \
	};                                                   \
	USM_REGISTER_PREFETCH_POLICY(policy)

#endif /* USM_VM_POLICIES_PREFETCH_H */
