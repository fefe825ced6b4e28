/* SPDX-License-Identifier: MIT */
#include "instance/evict/pager_policy.h"

#include "instance/evict/pager_parts.h"

int usm_pager_prepare_policy(const struct usm_pager *pager,
			     const struct usm_evict_policy *policy,
			     const struct usm_settings *settings,
			     struct usm_groups_fresh **out,
			     struct usm_failure *failure)
{
	return usm_groups_prepare(pager->groups, policy, settings,
				  pager->accessed.place, out, failure);
}

void usm_pager_adopt_policy(struct usm_pager *pager,
			    struct usm_groups_fresh *fresh)
{
	usm_groups_adopt(pager->groups, fresh);
}

int usm_pager_replace_policy(struct usm_pager *pager,
			     const struct usm_evict_policy *policy,
			     const struct usm_settings *settings,
			     struct usm_failure *failure)
{
	struct usm_groups_fresh *fresh = NULL;
	int err = usm_pager_prepare_policy(pager, policy, settings, &fresh,
					   failure);

	if (!err)
		usm_pager_adopt_policy(pager, fresh);
	return err;
}

int usm_pager_add_group(struct usm_pager *pager,
			const struct usm_group_options *options,
			struct usm_failure *failure)
{
	return usm_groups_add(pager->groups, options, failure);
}

/* Those of its pages that came before it was said whose they are. */
static void place_again(const struct usm_pager *pager, uint32_t member)
{
	uint32_t frame;

	for (frame = 0; frame < pager->options.pool_frames; frame++)
		if (pager->accessed.place[frame].member == member &&
		    usm_groups_has(pager->groups, frame))
			usm_pager_tell_placed(pager, frame);
}

void usm_pager_member_new(struct usm_pager *pager,
			  const struct usm_process *process, unsigned int group)
{
	if (usm_groups_assign(pager->groups, process->member, group))
		place_again(pager, process->member);
	usm_groups_process_new(pager->groups, process);
	usm_prefetcher_member_new(pager->prefetcher, process);
}

void usm_pager_member_gone(struct usm_pager *pager, uint32_t member)
{
	usm_groups_process_exit(pager->groups, member);
	usm_prefetcher_member_gone(pager->prefetcher, member);
}

const struct usm_groups *usm_pager_groups(const struct usm_pager *pager)
{
	return pager->groups;
}

uint32_t usm_pager_stats(const struct usm_pager *pager,
			 struct usm_policy_stat *stats, uint32_t nr)
{
	return usm_checked_evict_stats(usm_groups_policy(pager->groups, 0),
				       stats, nr);
}

const char *usm_pager_policy_name(const struct usm_pager *pager)
{
	return usm_checked_evict_name(usm_groups_policy(pager->groups, 0));
}
