/* SPDX-License-Identifier: MIT */
/*
 * checked.h - an eviction policy whose answers are checked.
 *
 * Keeps books of its own, one bit per frame: which frames hold pages.  A frame
 * that holds none is never a victim, nor one twice, whatever the policy says;
 * and when any page would do and there is one, one is found, whatever the
 * policy says.
 *
 * Owns the policy's context.  One thread, as for the policy.
 */
#ifndef USM_INSTANCE_POLICIES_EVICT_CHECKED_H
#define USM_INSTANCE_POLICIES_EVICT_CHECKED_H

#include "instance/failure.h"
#include "instance/policies/options.h"
#include "usm_policy.h"

struct usm_checked_evict;

/*
 * Over frames [0, nr_frames), none of which holds a page yet, under a policy,
 * which is borrowed.  settings: its options, or NULL.  *out belongs to the
 * caller.  ENOMEM, what the policy answers; *failure (NULL is fine) says why.
 */
int usm_checked_evict_create(const struct usm_evict_policy *policy,
			     const struct usm_settings *settings,
			     uint32_t nr_frames, struct usm_checked_evict **out,
			     struct usm_failure *failure);

/*
 * The same for a policy that is configured elsewhere: failures name `field`
 * ("processes[2]") instead of "policy".
 */
int usm_checked_evict_create_at(const char *field,
				const struct usm_evict_policy *policy,
				const struct usm_settings *settings,
				uint32_t nr_frames,
				struct usm_checked_evict **out,
				struct usm_failure *failure);

/* Frees it; NULL is fine. */
void usm_checked_evict_destroy(struct usm_checked_evict *checked);

/* The calls of struct usm_evict_policy; any frame number may be named. */
void usm_checked_evict_placed(struct usm_checked_evict *checked, uint32_t frame,
			      uint64_t page);
void usm_checked_evict_removed(struct usm_checked_evict *checked,
			       uint32_t frame);
void usm_checked_evict_accessed(struct usm_checked_evict *checked,
				uint32_t frame);
uint32_t usm_checked_evict_upcoming(const struct usm_checked_evict *checked,
				    uint32_t *frames, uint32_t nr);
uint32_t usm_checked_evict_choose(struct usm_checked_evict *checked,
				  uint32_t look, bool any, uint32_t *victims,
				  uint32_t nr);
void usm_checked_evict_process_new(struct usm_checked_evict *checked,
				   const struct usm_process *process);
void usm_checked_evict_process_exit(struct usm_checked_evict *checked,
				    uint32_t member);

/* The name of the policy. */
const char *usm_checked_evict_name(const struct usm_checked_evict *checked);

/* Does it have upcoming(), that is, an interest in accessed bits? */
bool usm_checked_evict_looks(const struct usm_checked_evict *checked);

/* Does the frame hold a page?  Any frame number may be asked. */
bool usm_checked_evict_has(const struct usm_checked_evict *checked,
			   uint32_t frame);

/*
 * Counters, at most nr: "overruled", how often the policy's answer was not
 * carried out, then its own.  Returns how many.
 */
uint32_t usm_checked_evict_stats(const struct usm_checked_evict *checked,
				 struct usm_policy_stat *stats, uint32_t nr);

#endif /* USM_INSTANCE_POLICIES_EVICT_CHECKED_H */
