/* SPDX-License-Identifier: MIT */
#include "instance/worker/exchange.h"

#include "instance/evict/pager_policy.h"
#include "instance/policies/alloc/checked.h"
#include "instance/worker/stock_policy.h"

static int prepare(struct usm_exchange *exchange,
		   struct usm_checked_alloc **frames,
		   struct usm_groups_fresh **pages,
		   struct usm_checked_prefetch **wants)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < exchange->nr_stocks && exchange->alloc && !err; i++)
		err = usm_stock_prepare_policy(exchange->stocks[i],
					       exchange->alloc,
					       exchange->alloc_settings,
					       &frames[i], &exchange->failure);
	if (!err && exchange->prefetch && exchange->pager)
		err = usm_prefetcher_prepare(
			usm_pager_prefetcher(exchange->pager),
			exchange->prefetch, exchange->prefetch_settings, wants,
			&exchange->failure);
	if (!err && exchange->evict && exchange->pager)
		err = usm_pager_prepare_policy(exchange->pager, exchange->evict,
					       exchange->evict_settings, pages,
					       &exchange->failure);
	return err;
}

static int exchange_all(struct usm_exchange *exchange)
{
	struct usm_checked_alloc *frames[USM_WORKERS_MAX] = { 0 };
	struct usm_checked_prefetch *wants = NULL;
	struct usm_groups_fresh *pages = NULL;
	unsigned int i;
	int err = prepare(exchange, frames, &pages, &wants);

	/* What another policy gave ahead is not this one's decision. */
	if (!err && exchange->alloc && exchange->ahead)
		usm_ahead_reset(exchange->ahead);
	for (i = 0; i < exchange->nr_stocks; i++) {
		if (err)
			usm_checked_alloc_destroy(frames[i]);
		else if (frames[i])
			usm_stock_adopt_policy(
				exchange->stocks[i], exchange->alloc,
				exchange->alloc_settings, frames[i]);
	}
	if (err)
		usm_checked_prefetch_destroy(wants);
	else if (exchange->prefetch_too && exchange->pager)
		usm_prefetcher_adopt(usm_pager_prefetcher(exchange->pager),
				     wants);
	if (pages)
		usm_pager_adopt_policy(exchange->pager, pages);
	return err;
}

void usm_exchange_run(struct usm_exchange *exchange)
{
	exchange->result = exchange_all(exchange);
	if (exchange->done)
		exchange->done(exchange->done_ctx);
}
