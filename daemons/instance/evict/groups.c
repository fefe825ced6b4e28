/* SPDX-License-Identifier: MIT */
#include "instance/evict/groups.h"

#include <errno.h>
#include <stdlib.h>

#include "common/config_processes.h"
#include "instance/evict/assigned.h"

_Static_assert(USM_GROUPS_MAX == USM_PROCESSES_MAX + 1, "and group 0");

struct group {
	struct usm_checked_evict *policy;
	bool follows; /* has the policy of group 0, which follows itself */
	uint32_t asked; /* victims it gave in the last batch */
	uint32_t refused; /* of them */
};

struct usm_groups {
	unsigned int nr;
	const struct usm_evict_policy *own; /* of group 0 */
	uint32_t nr_frames;
	struct group group[USM_GROUPS_MAX];
	struct usm_due share[USM_GROUPS_MAX];
	struct usm_assigned assigned;
	uint8_t *of; /* [nr_frames]: in which group the frame is, or was last */
};

int usm_groups_create(const struct usm_evict_policy *policy, uint32_t nr_frames,
		      struct usm_groups **out)
{
	struct usm_groups *groups = calloc(1, sizeof(*groups));
	int err;

	if (!groups)
		return -ENOMEM;
	groups->nr_frames = nr_frames;
	groups->nr = 1;
	groups->own = policy;
	groups->group[0].follows = true;
	groups->share[0].priority = USM_PRIORITY_DEFAULT;
	groups->of = calloc(nr_frames ? nr_frames : 1, sizeof(*groups->of));
	err = groups->of
		      ? usm_checked_evict_create(policy, NULL, nr_frames,
						 &groups->group[0].policy, NULL)
		      : -ENOMEM;
	if (err) {
		usm_groups_destroy(groups);
		return err;
	}
	*out = groups;
	return 0;
}

void usm_groups_destroy(struct usm_groups *groups)
{
	unsigned int i;

	if (!groups)
		return;
	for (i = 0; i < groups->nr; i++)
		usm_checked_evict_destroy(groups->group[i].policy);
	usm_assigned_fini(&groups->assigned);
	free(groups->of);
	free(groups);
}

int usm_groups_add(struct usm_groups *groups,
		   const struct usm_group_options *options,
		   struct usm_failure *failure)
{
	unsigned int group = groups->nr;
	int err;

	if (group == USM_GROUPS_MAX)
		return usm_fail(failure, USM_EXIT_USAGE, ENOSPC,
				"%s: there are %u groups already",
				options->field, group);
	err = usm_checked_evict_create_at(
		options->field, options->policy ? options->policy : groups->own,
		options->settings, groups->nr_frames,
		&groups->group[group].policy, failure);
	if (err)
		return err;
	groups->group[group].follows = !options->policy;
	groups->share[group].priority = options->priority;
	groups->nr++;
	return 0;
}

unsigned int usm_groups_nr(const struct usm_groups *groups)
{
	return groups->nr;
}

bool usm_groups_assign(struct usm_groups *groups, uint32_t member,
		       unsigned int group)
{
	bool known;

	if (groups->nr == 1)
		return false;
	if (group >= groups->nr)
		group = 0;
	known = usm_assigned_has(&groups->assigned, member);
	if (known && usm_assigned_group(&groups->assigned, member) == group)
		return false;
	return usm_assigned_set(&groups->assigned, member, group) && known;
}

static unsigned int group_of_member(const struct usm_groups *groups,
				    uint32_t member)
{
	return groups->nr == 1 ? 0
			       : usm_assigned_group(&groups->assigned, member);
}

void usm_groups_process_new(struct usm_groups *groups,
			    const struct usm_process *process)
{
	unsigned int group = group_of_member(groups, process->member);

	usm_checked_evict_process_new(groups->group[group].policy, process);
}

void usm_groups_process_exit(struct usm_groups *groups, uint32_t member)
{
	unsigned int group = group_of_member(groups, member);

	usm_checked_evict_process_exit(groups->group[group].policy, member);
	usm_assigned_forget(&groups->assigned, member);
}

bool usm_groups_has(const struct usm_groups *groups, uint32_t frame)
{
	return frame < groups->nr_frames &&
	       usm_groups_in(groups, frame, groups->of[frame]);
}

bool usm_groups_in(const struct usm_groups *groups, uint32_t frame,
		   unsigned int group)
{
	return usm_checked_evict_has(groups->group[group].policy, frame);
}

void usm_groups_removed(struct usm_groups *groups, uint32_t frame)
{
	unsigned int group;

	if (frame >= groups->nr_frames)
		return;
	group = groups->of[frame];
	groups->share[group].pages -= usm_groups_in(groups, frame, group);
	usm_checked_evict_removed(groups->group[group].policy, frame);
}

void usm_groups_placed(struct usm_groups *groups, uint32_t frame,
		       uint32_t member, uint64_t addr)
{
	unsigned int group = group_of_member(groups, member);

	if (frame >= groups->nr_frames)
		return;
	/* Remembered, so that it is put right when its group is said. */
	if (groups->nr > 1 && !usm_assigned_has(&groups->assigned, member))
		usm_assigned_see(&groups->assigned, member);
	if (groups->of[frame] != group) {
		usm_groups_removed(groups, frame);
		groups->of[frame] = (uint8_t)group;
	}
	groups->share[group].pages += !usm_groups_in(groups, frame, group);
	usm_checked_evict_placed(groups->group[group].policy, frame,
				 usm_page_id(member, addr));
}

void usm_groups_accessed(struct usm_groups *groups, uint32_t frame)
{
	if (frame < groups->nr_frames)
		usm_checked_evict_accessed(
			groups->group[groups->of[frame]].policy, frame);
}

static uint32_t ask(struct usm_groups *groups, unsigned int i,
		    usm_choose_look look, void *ctx, uint32_t *victims,
		    uint32_t nr)
{
	uint32_t chosen =
		usm_choose(groups->group[i].policy, look, ctx, victims, nr);

	groups->share[i].pages -= chosen;
	groups->group[i].asked += chosen;
	return chosen;
}

/* None of what it gave last time could go. */
static bool is_stuck(const struct group *group)
{
	return group->asked && group->refused >= group->asked;
}

uint32_t usm_groups_choose(struct usm_groups *groups, usm_choose_look look,
			   void *ctx, uint32_t *victims, uint32_t nr)
{
	uint32_t chosen = 0;
	unsigned int i;

	for (i = 0; i < groups->nr; i++) {
		groups->share[i].spared = is_stuck(&groups->group[i]);
		groups->group[i].asked = 0;
		groups->group[i].refused = 0;
	}
	usm_shares_deal(groups->share, groups->nr, nr);
	for (i = 0; i < groups->nr; i++)
		if (groups->share[i].due)
			chosen += ask(groups, i, look, ctx, victims + chosen,
				      groups->share[i].due);
	return chosen;
}

void usm_groups_refused(struct usm_groups *groups, uint32_t frame,
			uint32_t member, uint64_t addr)
{
	usm_groups_placed(groups, frame, member, addr);
	if (frame < groups->nr_frames)
		groups->group[groups->of[frame]].refused++;
}

const struct usm_checked_evict *
usm_groups_policy(const struct usm_groups *groups, unsigned int group)
{
	return groups->group[group].policy;
}

uint32_t usm_groups_pages(const struct usm_groups *groups, unsigned int group)
{
	return groups->share[group].pages;
}

unsigned int usm_groups_priority(const struct usm_groups *groups,
				 unsigned int group)
{
	return groups->share[group].priority;
}

/* ---- exchange --------------------------------------------------------------- */

struct usm_groups_fresh {
	const struct usm_evict_policy *own;
	struct usm_checked_evict *policy[USM_GROUPS_MAX]; /* of who follows */
};

void usm_groups_fresh_destroy(struct usm_groups_fresh *fresh)
{
	unsigned int i;

	if (!fresh)
		return;
	for (i = 0; i < USM_GROUPS_MAX; i++)
		usm_checked_evict_destroy(fresh->policy[i]);
	free(fresh);
}

static void tell_all(const struct usm_groups *groups,
		     const struct usm_place *places,
		     const struct usm_groups_fresh *fresh)
{
	uint32_t frame;

	for (frame = 0; frame < groups->nr_frames; frame++) {
		struct usm_checked_evict *policy =
			fresh->policy[groups->of[frame]];

		if (policy && usm_groups_has(groups, frame))
			usm_checked_evict_placed(
				policy, frame,
				usm_page_id(places[frame].member,
					    places[frame].addr));
	}
}

int usm_groups_prepare(const struct usm_groups *groups,
		       const struct usm_evict_policy *policy,
		       const struct usm_settings *settings,
		       const struct usm_place *places,
		       struct usm_groups_fresh **out,
		       struct usm_failure *failure)
{
	struct usm_groups_fresh *fresh = calloc(1, sizeof(*fresh));
	unsigned int i;
	int err = 0;

	if (!fresh)
		return usm_fail(failure, USM_EXIT_FAILED, ENOMEM,
				"out of memory");
	fresh->own = policy;
	for (i = 0; i < groups->nr && !err; i++)
		if (groups->group[i].follows)
			err = usm_checked_evict_create(
				policy, settings, groups->nr_frames,
				&fresh->policy[i], failure);
	if (err) {
		usm_groups_fresh_destroy(fresh);
		return err;
	}
	tell_all(groups, places, fresh);
	*out = fresh;
	return 0;
}

void usm_groups_adopt(struct usm_groups *groups, struct usm_groups_fresh *fresh)
{
	unsigned int i;

	groups->own = fresh->own;
	for (i = 0; i < groups->nr; i++) {
		struct usm_checked_evict *old = groups->group[i].policy;

		if (!fresh->policy[i])
			continue;
		groups->group[i].policy = fresh->policy[i];
		fresh->policy[i] = old;
	}
	usm_groups_fresh_destroy(fresh);
}
