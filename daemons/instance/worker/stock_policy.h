/* SPDX-License-Identifier: MIT */
/*
 * stock_policy.h - replaces the policy of a stock that goes on serving.
 */
#ifndef USM_INSTANCE_WORKER_STOCK_POLICY_H
#define USM_INSTANCE_WORKER_STOCK_POLICY_H

#include "common/settings.h"
#include "instance/failure.h"
#include "instance/policies/alloc/checked.h"
#include "instance/worker/stock.h"
#include "usm_policy.h"

/*
 * Another policy (borrowed), or other settings for it (NULL: none), in two
 * steps: makes it ready (*out belongs to the caller), then, without fail, tells
 * it of every frame in stock and finishes the old one.  The stock may not
 * change in between.  Replies may be under way; every frame stays where it is.
 * ENOMEM, EINVAL, what the policy answers: *failure (NULL is fine) says why.
 */
int usm_stock_prepare_policy(const struct usm_stock *stock,
			     const struct usm_alloc_policy *policy,
			     const struct usm_settings *settings,
			     struct usm_checked_alloc **out,
			     struct usm_failure *failure);
void usm_stock_adopt_policy(struct usm_stock *stock,
			    const struct usm_alloc_policy *policy,
			    const struct usm_settings *settings,
			    struct usm_checked_alloc *frames);

/* Both steps at once; on failure nothing changed. */
int usm_stock_replace_policy(struct usm_stock *stock,
			     const struct usm_alloc_policy *policy,
			     const struct usm_settings *settings,
			     struct usm_failure *failure);

#endif /* USM_INSTANCE_WORKER_STOCK_POLICY_H */
