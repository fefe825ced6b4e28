/* SPDX-License-Identifier: MIT */
#include "instance/worker/stock_policy.h"

#include "instance/worker/stock_parts.h"

int usm_stock_prepare_policy(const struct usm_stock *stock,
			     const struct usm_alloc_policy *policy,
			     const struct usm_settings *settings,
			     struct usm_checked_alloc **out,
			     struct usm_failure *failure)
{
	return usm_checked_alloc_create(policy, settings, stock->extents,
					stock->nr_extents, out, failure);
}

void usm_stock_adopt_policy(struct usm_stock *stock,
			    const struct usm_alloc_policy *policy,
			    const struct usm_settings *settings,
			    struct usm_checked_alloc *frames)
{
	usm_checked_alloc_copy(stock->frames, frames);
	usm_checked_alloc_destroy(stock->frames);
	stock->frames = frames;
	stock->policy = policy;
	stock->settings = settings ? *settings : (struct usm_settings){ 0 };
}

int usm_stock_replace_policy(struct usm_stock *stock,
			     const struct usm_alloc_policy *policy,
			     const struct usm_settings *settings,
			     struct usm_failure *failure)
{
	struct usm_checked_alloc *frames = NULL;
	int err = usm_stock_prepare_policy(stock, policy, settings, &frames,
					   failure);

	if (!err)
		usm_stock_adopt_policy(stock, policy, settings, frames);
	return err;
}
