/* SPDX-License-Identifier: MIT */
/*
 * checked.h - a prefetch policy whose answers are checked.
 *
 * What it names is pages of the member that faulted, at addresses that a
 * process can have, and not more than it was asked for; anything else is left
 * out and counted.  Whether such a page is out, and of this instance, the one
 * who reads it knows better.
 *
 * Owns the policy's context.  One thread, as for the policy.
 */
#ifndef USM_INSTANCE_POLICIES_PREFETCH_CHECKED_H
#define USM_INSTANCE_POLICIES_PREFETCH_CHECKED_H

#include "instance/failure.h"
#include "instance/policies/options.h"
#include "usm_policy.h"

struct usm_checked_prefetch;

/*
 * Under a policy, which is borrowed.  settings: its options, or NULL.  *out
 * belongs to the caller.  ENOMEM, what the policy answers; *failure (NULL is
 * fine) says why.
 */
int usm_checked_prefetch_create(const struct usm_prefetch_policy *policy,
				const struct usm_settings *settings,
				struct usm_checked_prefetch **out,
				struct usm_failure *failure);

/* Frees it; NULL is fine. */
void usm_checked_prefetch_destroy(struct usm_checked_prefetch *checked);

/*
 * The calls of struct usm_prefetch_policy.  wants has room for
 * USM_PREFETCH_WANTS_MAX, of which it is asked for nr at most.
 */
uint32_t usm_checked_prefetch_fault(struct usm_checked_prefetch *checked,
				    const struct usm_fault *fault,
				    uint64_t *wants, uint32_t nr);
void usm_checked_prefetch_used(struct usm_checked_prefetch *checked,
			       uint32_t member, uint64_t addr);
void usm_checked_prefetch_unused(struct usm_checked_prefetch *checked,
				 uint32_t member, uint64_t addr);
void usm_checked_prefetch_process_new(struct usm_checked_prefetch *checked,
				      const struct usm_process *process);
void usm_checked_prefetch_process_exit(struct usm_checked_prefetch *checked,
				       uint32_t member);

/* Does it remember anything at all? */
bool usm_checked_prefetch_remembers(const struct usm_checked_prefetch *checked);

/*
 * What it remembers of a member: at most room bytes to data; returns how many.
 * More than there was room for counts as overruled, and is nothing.
 */
uint32_t usm_checked_prefetch_remember(struct usm_checked_prefetch *checked,
				       uint32_t member, void *data,
				       uint32_t room);
void usm_checked_prefetch_recall(struct usm_checked_prefetch *checked,
				 uint32_t member, const void *data,
				 uint32_t bytes);

/* The name of the policy. */
const char *
usm_checked_prefetch_name(const struct usm_checked_prefetch *checked);

/*
 * Counters, at most nr: "overruled", how many of the addresses it named were
 * left out, then its own.  Returns how many.
 */
uint32_t usm_checked_prefetch_stats(const struct usm_checked_prefetch *checked,
				    struct usm_policy_stat *stats, uint32_t nr);

#endif /* USM_INSTANCE_POLICIES_PREFETCH_CHECKED_H */
