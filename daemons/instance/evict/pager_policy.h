/* SPDX-License-Identifier: MIT */
/*
 * pager_policy.h - the eviction policies of a pager: that of group 0, the
 * instance's own, is exchanged while pages are where they are; all are told of
 * members, and asked what they counted.
 */
#ifndef USM_INSTANCE_EVICT_PAGER_POLICY_H
#define USM_INSTANCE_EVICT_PAGER_POLICY_H

#include <stdint.h>

#include "common/settings.h"
#include "instance/evict/groups.h"
#include "instance/evict/pager.h"
#include "instance/failure.h"

/* Another policy in two steps: as usm_groups_prepare() and -_adopt(). */
int usm_pager_prepare_policy(const struct usm_pager *pager,
			     const struct usm_evict_policy *policy,
			     const struct usm_settings *settings,
			     struct usm_groups_fresh **out,
			     struct usm_failure *failure);
void usm_pager_adopt_policy(struct usm_pager *pager,
			    struct usm_groups_fresh *fresh);

/* Both steps at once; on failure nothing changed. */
int usm_pager_replace_policy(struct usm_pager *pager,
			     const struct usm_evict_policy *policy,
			     const struct usm_settings *settings,
			     struct usm_failure *failure);

/*
 * One more group of processes with a policy and a priority of its own, as
 * usm_groups_add().  Before the first page.
 */
int usm_pager_add_group(struct usm_pager *pager,
			const struct usm_group_options *options,
			struct usm_failure *failure);

/*
 * An address space is there (it may be told again) and in this group, or ended.
 * Pages that it has already are looked for among all frames.
 */
void usm_pager_member_new(struct usm_pager *pager,
			  const struct usm_process *process,
			  unsigned int group);
void usm_pager_member_gone(struct usm_pager *pager, uint32_t member);

/* The groups, for those who count. */
const struct usm_groups *usm_pager_groups(const struct usm_pager *pager);

/* Of group 0: as usm_checked_evict_stats(), and whose they are. */
uint32_t usm_pager_stats(const struct usm_pager *pager,
			 struct usm_policy_stat *stats, uint32_t nr);
const char *usm_pager_policy_name(const struct usm_pager *pager);

#endif /* USM_INSTANCE_EVICT_PAGER_POLICY_H */
