/* SPDX-License-Identifier: MIT */
/*
 * checked.h - a policy for want of frames whose answers are checked.
 *
 * However it answers, a fault is not kept from the kernel's allocator for
 * longer than the limit, and a killing is asked for now and then at most; who
 * is killed is not the policy's choice at all.  One thread, as for the policy.
 */
#ifndef USM_INSTANCE_POLICIES_OOM_CHECKED_H
#define USM_INSTANCE_POLICIES_OOM_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"
#include "instance/failure.h"
#include "usm_policy.h"

/* Between two times that one worker asks for a killing. */
#define USM_OOM_ASK_PAUSE_NS 100000000ULL

struct usm_checked_oom;

struct usm_checked_oom_options {
	const struct usm_oom_policy *policy; /* borrowed */
	const struct usm_settings *settings; /* NULL: none */
	uint64_t limit_ns; /* no fault waits longer */
	/* Asks for a killing; NULL: nobody can. */
	void (*kill)(void *ctx);
	/* When there was the last one, by usm_now_ns(); 0: never. */
	uint64_t (*killed_at)(void *ctx);
	void *kill_ctx;
};

/*
 * *out belongs to the caller.  ENOMEM, what the policy answers; *failure (NULL
 * is fine) says why.
 */
int usm_checked_oom_create(const struct usm_checked_oom_options *options,
			   struct usm_checked_oom **out,
			   struct usm_failure *failure);

/* Frees it; NULL is fine. */
void usm_checked_oom_destroy(struct usm_checked_oom *checked);

/*
 * A fault finds no frame, and has waited that long for one: is it to wait, and
 * to be asked about again soon?  now: usm_now_ns().
 */
bool usm_checked_oom_waits(struct usm_checked_oom *checked,
			   const struct usm_fault *fault, uint64_t waited_ns,
			   uint64_t now);

/*
 * Counters, at most nr: "overruled", "fallbacks", "waits" (answers, of which
 * one fault gets many), "kills" (asked for), then its own.
 */
uint32_t usm_checked_oom_stats(const struct usm_checked_oom *checked,
			       struct usm_policy_stat *stats, uint32_t nr);

const char *usm_checked_oom_name(const struct usm_checked_oom *checked);

#endif /* USM_INSTANCE_POLICIES_OOM_CHECKED_H */
