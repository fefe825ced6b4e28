/* SPDX-License-Identifier: MIT */
#include "instance/worker/exchange.h"

#include "instance/policies/alloc/checked.h"
#include "instance/policies/evict/checked.h"

static int exchange_both(struct usm_exchange *exchange)
{
	struct usm_checked_alloc *frames = NULL;
	struct usm_checked_evict *pages = NULL;
	int err = 0;

	if (exchange->alloc)
		err = usm_stock_prepare_policy(exchange->stock, exchange->alloc,
					       exchange->alloc_settings,
					       &frames, &exchange->failure);
	if (!err && exchange->evict && exchange->pager)
		err = usm_pager_prepare_policy(exchange->pager, exchange->evict,
					       exchange->evict_settings, &pages,
					       &exchange->failure);
	if (err) {
		usm_checked_alloc_destroy(frames);
		return err;
	}
	if (frames)
		usm_stock_adopt_policy(exchange->stock, exchange->alloc,
				       exchange->alloc_settings, frames);
	if (pages)
		usm_pager_adopt_policy(exchange->pager, pages);
	return 0;
}

void usm_exchange_run(struct usm_exchange *exchange)
{
	exchange->result = exchange_both(exchange);
	if (exchange->done)
		exchange->done(exchange->done_ctx);
}
