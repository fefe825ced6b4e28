/* SPDX-License-Identifier: MIT */
/*
 * groups.h - several eviction policies side by side: one for each group of
 * processes.
 *
 * Group 0 is everybody's who is in no other; with no other it is the one
 * policy, asked without further ado.  A frame is in the group of the member
 * whose page it holds, and no policy hears of the frames of another.  How many
 * victims each gives says shares.h.  One thread.
 */
#ifndef USM_INSTANCE_EVICT_GROUPS_H
#define USM_INSTANCE_EVICT_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"
#include "instance/evict/choose.h"
#include "instance/evict/ranges.h"
#include "instance/evict/shares.h"
#include "instance/failure.h"
#include "instance/policies/evict/checked.h"
#include "usm_policy.h"

/* Group numbers are below it. */
#define USM_GROUPS_MAX USM_SHARES_MAX

struct usm_groups;

/*
 * Group 0 alone, under a policy (borrowed) with its own defaults, over frames
 * [0, nr_frames), none of which holds a page yet.  *out belongs to the caller.
 * ENOMEM, what the policy answers.
 */
int usm_groups_create(const struct usm_evict_policy *policy, uint32_t nr_frames,
		      struct usm_groups **out);

/* Frees it; NULL is fine. */
void usm_groups_destroy(struct usm_groups *groups);

/* One more group, as the configuration describes it. */
struct usm_group_options {
	const char *field; /* of the configuration: "processes[3]" */
	/* Borrowed; NULL: whichever group 0 has, with its settings. */
	const struct usm_evict_policy *policy;
	const struct usm_settings *settings; /* NULL: none */
	unsigned int priority; /* 0..100; that of group 0 is 50 */
};

/*
 * Its number is the next one.  Before any frame holds a page.  ENOSPC:
 * USM_GROUPS_MAX; ENOMEM, what the policy answers; *failure says why.
 */
int usm_groups_add(struct usm_groups *groups,
		   const struct usm_group_options *options,
		   struct usm_failure *failure);

unsigned int usm_groups_nr(const struct usm_groups *groups);

/*
 * The member is in this group from now on (one there is not: in group 0).  True
 * when frames with its pages may have been placed in another one: they are to
 * be placed again.
 */
bool usm_groups_assign(struct usm_groups *groups, uint32_t member,
		       unsigned int group);

/* Hints for the policy of the member's group; its frames come home later. */
void usm_groups_process_new(struct usm_groups *groups,
			    const struct usm_process *process);
void usm_groups_process_exit(struct usm_groups *groups, uint32_t member);

/*
 * As for one policy: any frame number may be named.  placed(): the page at addr
 * of a member; in a frame of another group it was as if removed from there.
 */
void usm_groups_placed(struct usm_groups *groups, uint32_t frame,
		       uint32_t member, uint64_t addr);
void usm_groups_removed(struct usm_groups *groups, uint32_t frame);
void usm_groups_accessed(struct usm_groups *groups, uint32_t frame);
bool usm_groups_has(const struct usm_groups *groups, uint32_t frame);
bool usm_groups_in(const struct usm_groups *groups, uint32_t frame,
		   unsigned int group);

/* As usm_choose(), dealt among the groups. */
uint32_t usm_groups_choose(struct usm_groups *groups, usm_choose_look look,
			   void *ctx, uint32_t *victims, uint32_t nr);

/*
 * A victim could not be evicted, and is placed again.  A group of which this
 * is true for all victims it gave is passed over in the next batch: its pages
 * (pinned, shared) are not to stand in the way of the others'.
 */
void usm_groups_refused(struct usm_groups *groups, uint32_t frame,
			uint32_t member, uint64_t addr);

/* The policy of a group, for those who count and exchange. */
const struct usm_checked_evict *
usm_groups_policy(const struct usm_groups *groups, unsigned int group);

/* Pages it has in frames; its priority. */
uint32_t usm_groups_pages(const struct usm_groups *groups, unsigned int group);
unsigned int usm_groups_priority(const struct usm_groups *groups,
				 unsigned int group);

/*
 * Another policy (borrowed), or other settings for it (NULL: none), for group 0
 * and those that have its policy, in two steps: contexts that know which frames
 * hold pages, in order of frames (*out belongs to the caller); then, without
 * fail, these in place of the old ones.  Nothing else may be done with the
 * groups in between.  places: [nr_frames], where the page of each frame is.
 * ENOMEM, what the policy answers; *failure (NULL is fine) says why.
 */
struct usm_groups_fresh;

int usm_groups_prepare(const struct usm_groups *groups,
		       const struct usm_evict_policy *policy,
		       const struct usm_settings *settings,
		       const struct usm_place *places,
		       struct usm_groups_fresh **out,
		       struct usm_failure *failure);
void usm_groups_adopt(struct usm_groups *groups,
		      struct usm_groups_fresh *fresh);

/* Frees what is not adopted after all; NULL is fine. */
void usm_groups_fresh_destroy(struct usm_groups_fresh *fresh);

#endif /* USM_INSTANCE_EVICT_GROUPS_H */
