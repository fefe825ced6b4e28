/* SPDX-License-Identifier: MIT */
/*
 * exchange.h - other policies for workers that go on serving.
 */
#ifndef USM_INSTANCE_WORKER_EXCHANGE_H
#define USM_INSTANCE_WORKER_EXCHANGE_H

#include <stdbool.h>

#include "common/settings.h"
#include "instance/ahead/ahead.h"
#include "instance/evict/pager.h"
#include "instance/failure.h"
#include "instance/worker/stock.h"
#include "usm_policy.h"

struct usm_exchange {
	unsigned int nr_stocks;
	struct usm_stock *const *stocks; /* of all the workers */
	struct usm_pager *pager; /* or NULL */
	struct usm_ahead *ahead; /* or NULL */
	/* What is to serve from now on; NULL: what serves now. */
	const struct usm_alloc_policy *alloc;
	const struct usm_settings *alloc_settings; /* NULL: none */
	const struct usm_evict_policy *evict;
	const struct usm_settings *evict_settings;
	bool prefetch_too; /* then NULL is none */
	const struct usm_prefetch_policy *prefetch;
	const struct usm_settings *prefetch_settings;
	/* Called at the end, on a worker's thread. */
	void (*done)(void *ctx);
	void *done_ctx;
	/* For whoever is told that it is done. */
	int result; /* not 0: nothing changed, */
	struct usm_failure failure; /* and why */
};

/*
 * Makes the new policies ready, then puts all in place or none.  No frame
 * leaves stock, no page its frame.  By one worker, between two passes of all.
 */
void usm_exchange_run(struct usm_exchange *exchange);

#endif /* USM_INSTANCE_WORKER_EXCHANGE_H */
