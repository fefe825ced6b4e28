/* SPDX-License-Identifier: MIT */
/*
 * pager_policy.h - the eviction policy of a pager: exchanged while pages are
 * where they are, told of members, and asked what it counted.
 */
#ifndef USM_INSTANCE_EVICT_PAGER_POLICY_H
#define USM_INSTANCE_EVICT_PAGER_POLICY_H

#include <stdint.h>

#include "common/settings.h"
#include "instance/evict/pager.h"
#include "instance/failure.h"

/*
 * Another policy (borrowed), or other settings for it (NULL: none), in two
 * steps: makes it ready and tells it of every frame that holds a page, in order
 * of frames (*out belongs to the caller); then, without fail, finishes the old
 * one.  Nothing else may be done with the pager in between.  ENOMEM, EINVAL,
 * what the policy answers: *failure (NULL is fine) says why.
 */
int usm_pager_prepare_policy(const struct usm_pager *pager,
			     const struct usm_evict_policy *policy,
			     const struct usm_settings *settings,
			     struct usm_checked_evict **out,
			     struct usm_failure *failure);
void usm_pager_adopt_policy(struct usm_pager *pager,
			    struct usm_checked_evict *policy);

/* Both steps at once; on failure nothing changed. */
int usm_pager_replace_policy(struct usm_pager *pager,
			     const struct usm_evict_policy *policy,
			     const struct usm_settings *settings,
			     struct usm_failure *failure);

/* An address space is there (it may be told again), or ended. */
void usm_pager_member_new(struct usm_pager *pager,
			  const struct usm_process *process);
void usm_pager_member_gone(struct usm_pager *pager, uint32_t member);

/* As usm_checked_evict_stats(), and whose they are. */
uint32_t usm_pager_stats(const struct usm_pager *pager,
			 struct usm_policy_stat *stats, uint32_t nr);
const char *usm_pager_policy_name(const struct usm_pager *pager);

#endif /* USM_INSTANCE_EVICT_PAGER_POLICY_H */
