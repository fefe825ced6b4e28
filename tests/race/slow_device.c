/* SPDX-License-Identifier: MIT */
#include "slow_device.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

#include "race.h"

#define JOBS 64U

enum kind {
	LOAD,
	STORE,
	KINDS
};

struct job {
	enum kind kind;
	uint32_t slot, nr;
	uint64_t token;
	uint64_t *page[USM_SWAP_STORE_PAGES];
};

struct slow {
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_t thread;
	bool stop;
	void (*wake)(void *ctx);
	void *wake_ctx;
	/* Rings; nothing is refused but by there being too many jobs. */
	struct job job[JOBS];
	uint32_t first, nr; /* jobs not begun */
	uint32_t under_way; /* not reaped */
	struct usm_swap_done done[KINDS][JOBS];
	uint32_t nr_done[KINDS];
	uint64_t word[SLOW_SLOTS_MAX];
};

static void move(uint64_t *to, const uint64_t *from)
{
	__atomic_store_n(to, __atomic_load_n(from, __ATOMIC_RELAXED),
			 __ATOMIC_RELAXED);
}

static void carry_out(struct slow *slow, const struct job *job)
{
	uint32_t i;

	for (i = 0; i < job->nr; i++) {
		if (job->kind == STORE)
			move(&slow->word[job->slot + i], job->page[i]);
		else
			move(job->page[i], &slow->word[job->slot + i]);
		sched_yield();
	}
}

static void *thread_main(void *arg)
{
	struct slow *slow = arg;
	struct job job;

	pthread_mutex_lock(&slow->lock);
	for (;;) {
		while (!slow->nr && !slow->stop)
			pthread_cond_wait(&slow->work, &slow->lock);
		if (!slow->nr)
			break;
		job = slow->job[slow->first];
		slow->first = (slow->first + 1) % JOBS;
		slow->nr--;
		pthread_mutex_unlock(&slow->lock);
		carry_out(slow, &job);
		pthread_mutex_lock(&slow->lock);
		slow->done[job.kind][slow->nr_done[job.kind]++] =
			(struct usm_swap_done){ .token = job.token };
		if (!slow->stop)
			slow->wake(slow->wake_ctx);
	}
	pthread_mutex_unlock(&slow->lock);
	return NULL;
}

static int begin(struct slow *slow, const struct job *job)
{
	int err = 0;

	pthread_mutex_lock(&slow->lock);
	if (slow->under_way == JOBS) {
		err = -EAGAIN;
	} else {
		slow->under_way++;
		slow->job[(slow->first + slow->nr++) % JOBS] = *job;
		pthread_cond_signal(&slow->work);
	}
	pthread_mutex_unlock(&slow->lock);
	return err;
}

static int store_begin(void *ctx, uint32_t slot, const struct iovec *pages,
		       uint32_t nr, uint64_t token)
{
	struct job job = { STORE, slot, nr, token, { 0 } };
	uint32_t i;

	for (i = 0; i < nr; i++)
		job.page[i] = pages[i].iov_base;
	return begin(ctx, &job);
}

static int load_begin(void *ctx, uint32_t slot, void *page, uint64_t token)
{
	const struct job job = { LOAD, slot, 1, token, { page } };

	return begin(ctx, &job);
}

static uint32_t reap(struct slow *slow, enum kind kind,
		     struct usm_swap_done *done, uint32_t nr)
{
	uint32_t taken = 0;

	pthread_mutex_lock(&slow->lock);
	while (taken < nr && slow->nr_done[kind])
		done[taken++] = slow->done[kind][--slow->nr_done[kind]];
	slow->under_way -= taken;
	pthread_mutex_unlock(&slow->lock);
	return taken;
}

static uint32_t store_reap(void *ctx, struct usm_swap_done *done, uint32_t nr)
{
	return reap(ctx, STORE, done, nr);
}

static uint32_t load_reap(void *ctx, struct usm_swap_done *done, uint32_t nr)
{
	return reap(ctx, LOAD, done, nr);
}

static int load_notify(void *ctx, void (*wake)(void *ctx), void *wake_ctx)
{
	struct slow *slow = ctx;

	slow->wake = wake;
	slow->wake_ctx = wake_ctx;
	return -pthread_create(&slow->thread, NULL, thread_main, slow);
}

static int store(void *ctx, uint32_t slot, struct iovec *pages, uint32_t nr)
{
	struct slow *slow = ctx;
	uint32_t i;

	for (i = 0; i < nr; i++)
		move(&slow->word[slot + i], pages[i].iov_base);
	return 0;
}

static int load(void *ctx, uint32_t slot, void *page)
{
	struct slow *slow = ctx;

	move(page, &slow->word[slot]);
	return 0;
}

static void close_slow(void *ctx)
{
	struct slow *slow = ctx;

	pthread_mutex_lock(&slow->lock);
	slow->stop = true;
	pthread_cond_signal(&slow->work);
	pthread_mutex_unlock(&slow->lock);
	pthread_join(slow->thread, NULL);
	free(slow);
}

void slow_device_open(uint32_t nr_slots, struct usm_swap_device *out)
{
	struct slow *slow = calloc(1, sizeof(*slow));

	race_check(slow && nr_slots <= SLOW_SLOTS_MAX, "device");
	pthread_mutex_init(&slow->lock, NULL);
	pthread_cond_init(&slow->work, NULL);
	*out = (struct usm_swap_device){
		.ctx = slow,
		.nr_slots = nr_slots,
		.store = store,
		.load = load,
		.close = close_slow,
		.load_begin = load_begin,
		.load_reap = load_reap,
		.load_notify = load_notify,
		.store_begin = store_begin,
		.store_reap = store_reap,
	};
}
