/* SPDX-License-Identifier: MIT */
#include "instance/evict/pager_policy.h"

#include "instance/evict/pager_parts.h"

int usm_pager_prepare_policy(const struct usm_pager *pager,
			     const struct usm_evict_policy *policy,
			     const struct usm_settings *settings,
			     struct usm_checked_evict **out,
			     struct usm_failure *failure)
{
	struct usm_checked_evict *fresh = NULL;
	uint32_t frame;
	int err = usm_checked_evict_create(
		policy, settings, pager->options.pool_frames, &fresh, failure);

	if (err)
		return err;
	for (frame = 0; frame < pager->options.pool_frames; frame++)
		if (usm_checked_evict_has(pager->policy, frame))
			usm_pager_tell_placed(pager, fresh, frame);
	*out = fresh;
	return 0;
}

void usm_pager_adopt_policy(struct usm_pager *pager,
			    struct usm_checked_evict *policy)
{
	usm_checked_evict_destroy(pager->policy);
	pager->policy = policy;
}

int usm_pager_replace_policy(struct usm_pager *pager,
			     const struct usm_evict_policy *policy,
			     const struct usm_settings *settings,
			     struct usm_failure *failure)
{
	struct usm_checked_evict *fresh = NULL;
	int err = usm_pager_prepare_policy(pager, policy, settings, &fresh,
					   failure);

	if (!err)
		usm_pager_adopt_policy(pager, fresh);
	return err;
}

void usm_pager_member_new(struct usm_pager *pager,
			  const struct usm_process *process)
{
	usm_checked_evict_process_new(pager->policy, process);
}

void usm_pager_member_gone(struct usm_pager *pager, uint32_t member)
{
	usm_checked_evict_process_exit(pager->policy, member);
}

uint32_t usm_pager_stats(const struct usm_pager *pager,
			 struct usm_policy_stat *stats, uint32_t nr)
{
	return usm_checked_evict_stats(pager->policy, stats, nr);
}

const char *usm_pager_policy_name(const struct usm_pager *pager)
{
	return usm_checked_evict_name(pager->policy);
}
