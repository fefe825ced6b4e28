/* SPDX-License-Identifier: MIT */
#include "instance/worker/worker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance/evict/pager_policy.h"
#include "instance/worker/backoff.h"
#include "instance/worker/doorbell.h"
#include "instance/worker/poll_window.h"
#include "instance/worker/stock_refill.h"

/* Looks at the bitfield between two looks at the clock. */
#define POLL_SPINS 32

/* How soon to try again for faults that wait until a frame is won. */
#define RETRY_NS 500000ULL

/* The same for pages that are to leave and have nowhere to go. */
#define VACATE_NS 20000000ULL

/* Deeper than any call chain of the worker, touched before the first fault. */
#define STACK_TOUCH 65536

struct usm_worker_thread {
	struct usm_worker_options options;
	struct usm_poll_window window;
	pthread_t thread;
	sem_t started;
	int error; /* of starting, valid once .started is posted */
	bool stop;
};

uint64_t usm_worker_mask(uint32_t index, uint32_t nr)
{
	uint64_t mask = 0;
	uint32_t bit;

	for (bit = index; bit < 64; bit += nr)
		mask |= 1ULL << bit;
	return mask;
}

static bool stopping(const struct usm_worker_thread *worker)
{
	return __atomic_load_n(&worker->stop, __ATOMIC_RELAXED);
}

static bool called(const struct usm_worker_thread *worker)
{
	return worker->options.rendezvous &&
	       usm_rendezvous_called(worker->options.rendezvous);
}

/* Notices have no bit: they are read before every sleep. */
static bool ahead_due(const struct usm_worker_thread *worker)
{
	const struct usm_worker_options *options = &worker->options;

	if (!options->ahead)
		return false;
	if (options->pager)
		usm_pager_read_news(options->pager);
	return usm_ahead_due(options->ahead, options->index);
}

static bool has_reason_to_run(void *ctx)
{
	const struct usm_worker_thread *worker = ctx;

	return usm_local_manager_pending(worker->options.manager) ||
	       stopping(worker) || called(worker) ||
	       usm_stock_asked(worker->options.stock) || ahead_due(worker);
}

static void touch_stack(void)
{
	char room[STACK_TOUCH];

	explicit_bzero(room, sizeof(room));
}

/* True when work turned up within ns. */
static bool poll_for_work(struct usm_worker_thread *worker, uint64_t from,
			  uint32_t ns)
{
	unsigned int i;

	do {
		for (i = 0; i < POLL_SPINS; i++) {
			if (has_reason_to_run(worker))
				return true;
			__builtin_ia32_pause();
		}
	} while (usm_now_ns() - from < ns);
	return false;
}

static void read_inbox(struct usm_worker_thread *worker)
{
	const struct usm_worker_options *options = &worker->options;
	struct usm_inbox_message message;

	while (usm_inbox_take(options->inbox, &message)) {
		const struct usm_process process = {
			.member = message.member,
			.tgid = message.tgid,
		};

		if (message.tgid)
			usm_stock_member_new(options->stock, &process);
		else
			usm_stock_member_gone(options->stock, message.member);
		if (!message.tgid && options->ahead)
			usm_ahead_member_gone(options->ahead, message.member);
		if (!options->pager)
			continue;
		if (message.tgid)
			usm_pager_member_new(options->pager, &process,
					     message.group);
		else
			usm_pager_member_gone(options->pager, message.member);
	}
}

static void count_self_wake(struct usm_doorbell *bell)
{
	/* Nobody else writes this word; readers may be elsewhere. */
	__atomic_store_n(&bell->wakes[USM_WAKE_SELF],
			 bell->wakes[USM_WAKE_SELF] + 1, __ATOMIC_RELAXED);
}

/* How long it may sleep although nothing happens; 0: for ever. */
static uint64_t limit_ns(const struct usm_worker_options *options)
{
	if (usm_local_manager_waiting(options->manager))
		return RETRY_NS;
	return options->pager && usm_pager_vacating(options->pager) ? VACATE_NS
								    : 0;
}

/* Out of work: returns when there may be some, true after a real sleep. */
static bool wait_for_work(struct usm_worker_thread *worker)
{
	struct usm_poll_window *window = &worker->window;
	uint64_t from = usm_now_ns();
	uint32_t ns = usm_poll_window_open(window);
	bool hit = ns && poll_for_work(worker, from, ns);
	bool slept = false;

	if (!hit)
		slept = usm_doorbell_sleep(worker->options.bell,
					   limit_ns(&worker->options),
					   has_reason_to_run, worker);
	usm_poll_window_close(window, usm_now_ns() - from, !slept);
	return slept;
}

/* What others want of this worker, whether it has faults to serve or not. */
static void oblige(struct usm_worker_thread *worker)
{
	read_inbox(worker);
	if (called(worker))
		usm_rendezvous_come(worker->options.rendezvous);
	if (usm_stock_asked(worker->options.stock))
		usm_stock_refresh(worker->options.stock);
}

/*
 * Rung for nothing: somebody may wait whose answer was refused before it went
 * to sleep, and no bit tells of that.
 */
static bool look_again(const struct usm_worker_thread *worker)
{
	const struct usm_worker_options *options = &worker->options;

	if (!options->pager && !options->relay)
		return false;
	if (options->relay && !options->pager)
		usm_relay_suspect(options->relay);
	return usm_local_manager_recheck(options->manager);
}

/* Is a threshold crossed?  Frames that came home count as free. */
static void watch(const struct usm_worker_options *options)
{
	if (!options->watch)
		return;
	if (usm_threshold_watch_level(options->watch))
		usm_stock_refresh(options->stock);
	usm_threshold_watch_see(options->watch,
				usm_stock_nr_all(options->stock));
}

static void serve(struct usm_worker_thread *worker)
{
	struct usm_local_manager *manager = worker->options.manager;
	struct usm_pager *pager = worker->options.pager;
	bool slept = false;

	while (!stopping(worker)) {
		bool served;

		oblige(worker);
		served = usm_local_manager_run(manager);

		if (served && !slept)
			count_self_wake(worker->options.bell);
		watch(&worker->options);
		if (worker->options.ahead)
			usm_ahead_work(worker->options.ahead,
				       worker->options.index);
		/* A batch between two passes, so that neither starves. */
		if ((pager && usm_pager_work(pager)) || served) {
			slept = false;
			continue;
		}
		if (slept && look_again(worker)) {
			slept = false;
			continue;
		}
		if (worker->options.ahead &&
		    usm_ahead_idle(worker->options.ahead,
				   worker->options.index)) {
			slept = false;
			continue;
		}
		slept = wait_for_work(worker);
	}
}

static void ring(void *ctx)
{
	usm_doorbell_ring(ctx);
}

static void *thread_main(void *arg)
{
	struct usm_worker_thread *worker = arg;
	const struct usm_worker_options *options = &worker->options;
	char name[16];

	snprintf(name, sizeof(name), "usmWorker%u", options->index);
	pthread_setname_np(pthread_self(), name);
	if (options->cpu >= 0) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(options->cpu, &set);
		/* A cpuset that forbids it is stronger: run where it allows. */
		pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	}
	touch_stack();
	usm_local_manager_ring(options->manager, ring, options->bell);
	usm_doorbell_running(options->bell);
	worker->error =
		options->kernel->worker(options->kernel->ctx, options->index);
	if (worker->error) {
		usm_doorbell_absent(options->bell);
		sem_post(&worker->started);
		return NULL;
	}
	usm_local_manager_sweep(options->manager);
	sem_post(&worker->started);
	serve(worker);
	if (options->rendezvous)
		usm_rendezvous_leave(options->rendezvous);
	usm_doorbell_absent(options->bell);
	return NULL;
}

int usm_worker_start(const struct usm_worker_options *options,
		     struct usm_worker_thread **out)
{
	struct usm_worker_thread *worker = calloc(1, sizeof(*worker));
	int err;

	if (!worker)
		return -ENOMEM;
	worker->options = *options;
	usm_poll_window_init(&worker->window, options->nr_cpus,
			     options->wake_cost_ns);
	sem_init(&worker->started, 0, 0);
	err = -pthread_create(&worker->thread, NULL, thread_main, worker);
	if (err) {
		sem_destroy(&worker->started);
		free(worker);
		return err;
	}
	while (sem_wait(&worker->started))
		;
	err = worker->error;
	if (err) {
		usm_worker_stop(worker);
		return err;
	}
	*out = worker;
	return 0;
}

void usm_worker_stop(struct usm_worker_thread *worker)
{
	if (!worker)
		return;
	__atomic_store_n(&worker->stop, true, __ATOMIC_SEQ_CST);
	usm_doorbell_ring(worker->options.bell);
	pthread_join(worker->thread, NULL);
	sem_destroy(&worker->started);
	free(worker);
}
