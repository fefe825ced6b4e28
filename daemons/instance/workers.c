/* SPDX-License-Identifier: MIT */
#include "instance/workers.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "instance/arena/balance.h"
#include "instance/arena/shared.h"
#include "instance/evict/groups.h"
#include "instance/worker/doorbell.h"
#include "instance/worker/rendezvous.h"
#include "instance/worker/wake_cost.h"
#include "instance/worker/worker.h"

struct usm_workers {
	struct usm_workers_options options;
	struct usm_shared_arena *shared; /* NULL: there is one worker */
	struct usm_rendezvous *rendezvous;
	/* What it was called for. */
	bool resized;
	void (*resize)(void *ctx);
	void *resize_ctx;
	struct usm_exchange *exchange; /* or NULL */
	struct usm_survey *survey; /* or NULL */
	struct usm_pager *pager; /* or NULL */
	struct usm_relay *relay; /* to it; NULL: none, or one worker */
	struct usm_ahead *ahead; /* or NULL */
	struct usm_stock *stocks[USM_WORKERS_MAX];
	struct usm_inbox *inboxes[USM_WORKERS_MAX];
	struct usm_local_manager *managers[USM_WORKERS_MAX];
	struct usm_worker_thread *threads[USM_WORKERS_MAX];
	/* With several of them: */
	struct usm_balance balance;
	struct usm_help help;
	struct usm_claims claims;
};

/* A worker that sleeps is to look what it was asked. */
static void wake(void *ctx, unsigned int worker)
{
	const struct usm_workers *workers = ctx;
	struct usm_doorbell *bell = &workers->options.bells[worker];

	if (__atomic_load_n(&bell->state, __ATOMIC_SEQ_CST) ==
	    USM_WORKER_ASLEEP)
		usm_doorbell_ring(bell);
}

static int share(struct usm_workers *workers)
{
	const struct usm_workers_options *options = &workers->options;
	int err = usm_shared_arena_create(options->claim->extents,
					  options->claim->nr_extents,
					  &workers->shared);

	if (!err)
		err = usm_returned_share(options->returned, workers->shared,
					 options->nr);
	workers->help.nr_workers = options->nr;
	workers->help.bells = options->bells;
	workers->balance.nr_workers = options->nr;
	workers->balance.returned = options->returned;
	workers->balance.wake = wake;
	workers->balance.wake_ctx = workers;
	return err;
}

static int build_one(struct usm_workers *workers, unsigned int i)
{
	const struct usm_workers_options *options = &workers->options;
	int err = usm_stock_create(options->claim->extents,
				   options->claim->nr_extents, options->alloc,
				   options->kernel, options->returned,
				   &workers->stocks[i]);

	if (!err && workers->shared)
		usm_stock_share(workers->stocks[i], workers->shared,
				&workers->balance, i);
	return err ? err : usm_inbox_create(&workers->inboxes[i]);
}

int usm_workers_create(const struct usm_workers_options *options,
		       struct usm_workers **out)
{
	struct usm_workers *workers;
	size_t align = _Alignof(struct usm_workers);
	unsigned int i;
	int err = 0;

	if (!options->nr || options->nr > USM_WORKERS_MAX ||
	    options->nr & (options->nr - 1))
		return -EINVAL;
	workers = aligned_alloc(align, sizeof(*workers));
	if (!workers)
		return -ENOMEM;
	memset(workers, 0, sizeof(*workers));
	workers->options = *options;
	if (options->nr > 1)
		err = share(workers);
	for (i = 0; i < options->nr && !err; i++)
		err = build_one(workers, i);
	if (err) {
		usm_workers_destroy(workers);
		return err;
	}
	*out = workers;
	return 0;
}

void usm_workers_destroy(struct usm_workers *workers)
{
	unsigned int i;

	if (!workers)
		return;
	for (i = 0; i < workers->options.nr; i++) {
		usm_local_manager_destroy(workers->managers[i]);
		usm_inbox_destroy(workers->inboxes[i]);
		usm_stock_destroy(workers->stocks[i]);
	}
	usm_relay_destroy(workers->relay);
	usm_rendezvous_destroy(workers->rendezvous);
	usm_shared_arena_destroy(workers->shared);
	free(workers);
}

unsigned int usm_workers_nr(const struct usm_workers *workers)
{
	return workers->options.nr;
}

struct usm_stock *const *usm_workers_stocks(const struct usm_workers *workers)
{
	return workers->stocks;
}

struct usm_local_manager *const *
usm_workers_managers(const struct usm_workers *workers)
{
	return workers->managers;
}

/* The first one has the pager. */
static void wake_pager(void *ctx)
{
	wake(ctx, 0);
}

static int relay(struct usm_workers *workers, uint32_t nr_frames)
{
	unsigned int i;
	int err = usm_relay_create(nr_frames, &workers->relay);

	if (err)
		return err;
	usm_relay_ring(workers->relay, wake_pager, workers);
	usm_pager_listen(workers->pager, workers->relay);
	for (i = 0; i < workers->options.nr; i++)
		usm_stock_watch(workers->stocks[i], usm_relay_removed,
				workers->relay);
	return 0;
}

void usm_workers_ahead(struct usm_workers *workers, struct usm_ahead *ahead)
{
	workers->ahead = ahead;
}

int usm_workers_schedule(struct usm_workers *workers,
			 const struct usm_channel_view *view,
			 struct usm_pager *pager, uint64_t patience_ns)
{
	unsigned int nr = workers->options.nr, i;
	int err = 0;

	workers->pager = pager;
	if (pager && nr > 1)
		err = relay(workers, usm_pager_nr_frames(pager));
	for (i = 0; i < nr && !err; i++) {
		err = usm_local_manager_create(
			view, usm_worker_mask(i, nr), workers->stocks[i],
			i ? NULL : pager, patience_ns, workers->options.kernel,
			&workers->managers[i]);
		if (!err && workers->ahead)
			usm_local_manager_ahead(workers->managers[i],
						workers->ahead, i);
		if (!err && nr > 1)
			usm_local_manager_share(workers->managers[i],
						&workers->claims,
						&workers->help, i);
		if (!err && workers->relay)
			usm_local_manager_relay(workers->managers[i],
						workers->relay);
	}
	return err;
}

/* The nth CPU of a set, counted from `from` on and round. */
static int pick_cpu(const cpu_set_t *set, unsigned int nth, int from)
{
	int i;

	nth %= (unsigned int)CPU_COUNT(set);
	for (i = from; i < from + CPU_SETSIZE; i++)
		if (CPU_ISSET(i % CPU_SETSIZE, set) && !nth--)
			return i % CPU_SETSIZE;
	return -1;
}

static int start_one(struct usm_workers *workers, unsigned int i, int cpu,
		     unsigned int nr_cpus, uint32_t wake_cost_ns)
{
	const struct usm_workers_options *options = &workers->options;
	struct usm_worker_options wanted = {
		.kernel = options->kernel,
		.index = i,
		.cpu = cpu,
		/* While all poll nobody else has a CPU. */
		.nr_cpus = nr_cpus / options->nr,
		.wake_cost_ns = wake_cost_ns,
		.bell = &options->bells[i],
		.manager = workers->managers[i],
		.stock = workers->stocks[i],
		.pager = i ? NULL : workers->pager,
		.relay = workers->relay,
		.ahead = workers->ahead,
		.watch = options->watch,
		.inbox = workers->inboxes[i],
		.rendezvous = workers->rendezvous,
	};

	return usm_worker_start(&wanted, &workers->threads[i]);
}

/* All stand still. */
static void meet(void *ctx)
{
	struct usm_workers *workers = ctx;
	struct usm_exchange *exchange;
	struct usm_survey *survey;

	if (__atomic_exchange_n(&workers->resized, false, __ATOMIC_SEQ_CST))
		workers->resize(workers->resize_ctx);
	exchange =
		__atomic_exchange_n(&workers->exchange, NULL, __ATOMIC_SEQ_CST);
	if (exchange)
		usm_exchange_run(exchange);
	survey = __atomic_exchange_n(&workers->survey, NULL, __ATOMIC_SEQ_CST);
	if (survey)
		usm_survey_run(survey);
}

int usm_workers_start(struct usm_workers *workers, unsigned int nth, int cpu,
		      void (*resize)(void *ctx), void *ctx,
		      struct usm_failure *failure)
{
	unsigned int nr = workers->options.nr, nr_cpus, i;
	uint32_t wake_cost_ns = usm_wake_cost_ns();
	cpu_set_t set;
	int err;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set))
		CPU_SET(0, &set);
	nr_cpus = (unsigned int)CPU_COUNT(&set);
	if (nr > nr_cpus)
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL,
				"workers: %u, but this process may use %u %s",
				nr, nr_cpus, nr_cpus == 1 ? "CPU" : "CPUs");
	if (cpu >= 0) {
		CPU_SET(cpu, &set);
		nth = 0;
	}
	workers->resize = resize;
	workers->resize_ctx = ctx;
	err = usm_rendezvous_create(nr, meet, workers, &workers->rendezvous);
	for (i = 0; i < nr && !err; i++)
		err = start_one(workers, i,
				pick_cpu(&set, nth + i, cpu >= 0 ? cpu : 0),
				nr_cpus, wake_cost_ns);
	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err,
				"starting the workers: %s", strerror(-err));
	return 0;
}

void usm_workers_stop(struct usm_workers *workers)
{
	unsigned int i;

	for (i = 0; i < workers->options.nr; i++) {
		usm_worker_stop(workers->threads[i]);
		workers->threads[i] = NULL;
	}
}

static void call(struct usm_workers *workers)
{
	unsigned int i;

	usm_rendezvous_call(workers->rendezvous);
	for (i = 0; i < workers->options.nr; i++)
		usm_doorbell_ring(&workers->options.bells[i]);
}

void usm_workers_resize(struct usm_workers *workers)
{
	__atomic_store_n(&workers->resized, true, __ATOMIC_SEQ_CST);
	call(workers);
}

void usm_workers_exchange(struct usm_workers *workers,
			  struct usm_exchange *exchange)
{
	exchange->nr_stocks = workers->options.nr;
	exchange->ahead = workers->ahead;
	exchange->stocks = workers->stocks;
	__atomic_store_n(&workers->exchange, exchange, __ATOMIC_SEQ_CST);
	call(workers);
}

void usm_workers_survey(struct usm_workers *workers, struct usm_survey *survey)
{
	survey->nr_stocks = workers->options.nr;
	survey->ahead = workers->ahead;
	survey->stocks = workers->stocks;
	__atomic_store_n(&workers->survey, survey, __ATOMIC_SEQ_CST);
	call(workers);
}

void usm_workers_look(struct usm_workers *workers)
{
	unsigned int i;

	for (i = 0; i < workers->options.nr; i++)
		wake(workers, i);
}

size_t usm_workers_high_water(const struct usm_workers *workers)
{
	size_t most = 0;
	unsigned int i;

	for (i = 0; i < workers->options.nr; i++) {
		size_t used =
			usm_local_manager_high_water(workers->managers[i]);

		most = used > most ? used : most;
	}
	return most;
}

/* False: an inbox is full, and its worker is to empty it. */
static bool post(struct usm_workers *workers, struct usm_inbox_message message)
{
	bool posted = true;
	unsigned int i;

	for (i = 0; i < workers->options.nr; i++) {
		if (usm_inbox_post(workers->inboxes[i], message))
			continue;
		wake(workers, i);
		posted = false;
	}
	return posted;
}

_Static_assert(USM_GROUPS_MAX <= 256, "a message has eight bits for it");

bool usm_workers_member_new(struct usm_workers *workers, uint32_t member,
			    uint32_t tgid, unsigned int group)
{
	return post(workers,
		    (struct usm_inbox_message){
			    .member = member,
			    .tgid = tgid & ((1U << USM_INBOX_TGID_BITS) - 1),
			    .group = (uint8_t)group,
		    });
}

void usm_workers_member_gone(struct usm_workers *workers, uint32_t member)
{
	/* A full inbox loses a hint, nothing else. */
	post(workers, (struct usm_inbox_message){ .member = member });
}
