/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/* next: the pages right behind, fewer while they turn out not to be needed. */
#include <errno.h>
#include <stdlib.h>
#include "usm_policy.h"

#define PAGE 4096
#define MOST 8 /* pages after each that is touched */

static int next_init(void **ctx)
{
	uint32_t *pages = malloc(sizeof(*pages));

	if (!pages)
		return -ENOMEM;
	*pages = MOST;
	*ctx = pages;
	return 0;
}

static uint32_t next_fault(void *ctx, const struct usm_fault *fault,
			   uint64_t *wants, uint32_t nr)
{
	const uint32_t *pages = ctx;
	uint64_t at = fault->addr + PAGE;
	uint32_t i;

	if (fault->kind != USM_FAULT_SWAPIN)
		return 0;
	for (i = 0; i < nr && i < *pages && at < fault->vma_end; at += PAGE)
		wants[i++] = at;
	return i;
}

static void next_used(void *ctx, uint32_t member, uint64_t addr)
{
	(void)member, (void)addr; /* all are treated alike */
	*(uint32_t *)ctx += *(uint32_t *)ctx < MOST;
}

static void next_unused(void *ctx, uint32_t member, uint64_t addr)
{
	(void)member, (void)addr;
	*(uint32_t *)ctx -= *(uint32_t *)ctx > 1;
}

static const struct usm_prefetch_policy next_policy = {
	USM_POLICY_HEAD(struct usm_prefetch_policy),
	.name = "next",
	.summary = "the pages right behind",
	.init = next_init,
	.fini = free,
	.fault = next_fault,
	.used = next_used,
	.unused = next_unused,
};
USM_REGISTER_PREFETCH_POLICY(next_policy)
