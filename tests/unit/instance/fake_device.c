/* SPDX-License-Identifier: MIT */
#include "fake_device.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/client.h"
#include "instance/worker/backoff.h"

#define NS_PER_MS 1000000ULL
#define NS_PER_S 1000000000ULL

struct load {
	uint64_t due;
	uint64_t token;
	void *page;
	uint32_t slot;
};

struct slow {
	struct usm_swap_device inner;
	uint64_t delay_ns;
	uint32_t depth, most;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t timer;
	bool timing, stop;
	void (*wake)(void *ctx);
	void *wake_ctx;
	/* In the order they began, which is the order they are due in. */
	struct load load[FAKE_DEVICE_DEPTH];
	uint32_t head, nr;
	uint32_t announced; /* of them */
};

static void wait_until(uint64_t ns)
{
	struct timespec at = {
		.tv_sec = (time_t)(ns / NS_PER_S),
		.tv_nsec = (long)(ns % NS_PER_S),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) ==
	       EINTR)
		;
}

static int slow_store(void *ctx, uint32_t slot, struct iovec *pages,
		      uint32_t nr)
{
	struct slow *slow = ctx;

	return slow->inner.store(slow->inner.ctx, slot, pages, nr);
}

static int slow_load(void *ctx, uint32_t slot, void *page)
{
	struct slow *slow = ctx;

	wait_until(usm_now_ns() + slow->delay_ns);
	return slow->inner.load(slow->inner.ctx, slot, page);
}

static int slow_begin(void *ctx, uint32_t slot, void *page, uint64_t token)
{
	struct slow *slow = ctx;
	int err = -EAGAIN;

	pthread_mutex_lock(&slow->lock);
	if (slow->nr < slow->depth) {
		slow->load[(slow->head + slow->nr++) % FAKE_DEVICE_DEPTH] =
			(struct load){
				.due = usm_now_ns() + slow->delay_ns,
				.token = token,
				.page = page,
				.slot = slot,
			};
		if (slow->nr > slow->most)
			slow->most = slow->nr;
		pthread_cond_signal(&slow->changed);
		err = 0;
	}
	pthread_mutex_unlock(&slow->lock);
	return err;
}

static bool take_due(struct slow *slow, struct load *out)
{
	bool due;

	pthread_mutex_lock(&slow->lock);
	*out = slow->load[slow->head];
	due = slow->nr && out->due <= usm_now_ns();
	if (due) {
		slow->head = (slow->head + 1) % FAKE_DEVICE_DEPTH;
		slow->nr--;
		if (slow->announced)
			slow->announced--;
	}
	pthread_mutex_unlock(&slow->lock);
	return due;
}

static uint32_t slow_reap(void *ctx, struct usm_swap_done *done, uint32_t nr)
{
	struct slow *slow = ctx;
	struct load load;
	uint32_t taken;

	for (taken = 0; taken < nr && take_due(slow, &load); taken++)
		done[taken] = (struct usm_swap_done){
			.token = load.token,
			.result = slow->inner.load(slow->inner.ctx, load.slot,
						   load.page),
		};
	return taken;
}

/* The timer's part: waits for one more load to be due.  Under the lock. */
static void await_next(struct slow *slow)
{
	uint64_t due =
		slow->load[(slow->head + slow->announced) % FAKE_DEVICE_DEPTH]
			.due;

	pthread_mutex_unlock(&slow->lock);
	wait_until(due);
	pthread_mutex_lock(&slow->lock);
	while (slow->announced < slow->nr &&
	       slow->load[(slow->head + slow->announced) % FAKE_DEVICE_DEPTH]
			       .due <= usm_now_ns())
		slow->announced++;
	pthread_mutex_unlock(&slow->lock);
	slow->wake(slow->wake_ctx);
	pthread_mutex_lock(&slow->lock);
}

static void *run_timer(void *arg)
{
	struct slow *slow = arg;

	pthread_mutex_lock(&slow->lock);
	while (!slow->stop) {
		if (slow->announced < slow->nr)
			await_next(slow);
		else
			pthread_cond_wait(&slow->changed, &slow->lock);
	}
	pthread_mutex_unlock(&slow->lock);
	return NULL;
}

static int slow_notify(void *ctx, void (*wake)(void *ctx), void *wake_ctx)
{
	struct slow *slow = ctx;

	slow->wake = wake;
	slow->wake_ctx = wake_ctx;
	slow->timing = !pthread_create(&slow->timer, NULL, run_timer, slow);
	return slow->timing ? 0 : -EAGAIN;
}

static void slow_close(void *ctx)
{
	struct slow *slow = ctx;

	pthread_mutex_lock(&slow->lock);
	slow->stop = true;
	pthread_cond_signal(&slow->changed);
	pthread_mutex_unlock(&slow->lock);
	if (slow->timing)
		pthread_join(slow->timer, NULL);
	usm_swap_device_close(&slow->inner);
	pthread_cond_destroy(&slow->changed);
	pthread_mutex_destroy(&slow->lock);
	free(slow);
}

void fake_device_slow(const struct usm_swap_device *inner, uint32_t delay_ms,
		      uint32_t depth, struct usm_swap_device *out)
{
	struct slow *slow = calloc(1, sizeof(*slow));

	if (!slow || depth > FAKE_DEVICE_DEPTH)
		abort();
	slow->inner = *inner;
	slow->delay_ns = delay_ms * NS_PER_MS;
	slow->depth = depth;
	pthread_mutex_init(&slow->lock, NULL);
	pthread_cond_init(&slow->changed, NULL);
	*out = (struct usm_swap_device){
		.ctx = slow,
		.nr_slots = inner->nr_slots,
		.store = slow_store,
		.load = slow_load,
		.close = slow_close,
		.load_begin = slow_begin,
		.load_reap = slow_reap,
		.load_notify = slow_notify,
	};
}

uint32_t fake_device_most(const struct usm_swap_device *device)
{
	struct slow *slow = device->ctx;
	uint32_t most;

	pthread_mutex_lock(&slow->lock);
	most = slow->most;
	pthread_mutex_unlock(&slow->lock);
	return most;
}

/* ---- an array --------------------------------------------------------------- */

typedef char array_page[USM_FRAME_BYTES];

static int array_store(void *ctx, uint32_t slot, struct iovec *pages,
		       uint32_t nr)
{
	array_page *array = ctx;
	uint32_t i;

	for (i = 0; i < nr; i++)
		memcpy(array[slot + i], pages[i].iov_base, USM_FRAME_BYTES);
	return 0;
}

static int array_load(void *ctx, uint32_t slot, void *page)
{
	array_page *array = ctx;

	memcpy(page, array[slot], USM_FRAME_BYTES);
	return 0;
}

void fake_device_array(uint32_t nr_slots, struct usm_swap_device *out)
{
	array_page *array = calloc(nr_slots, sizeof(*array));

	if (!array)
		abort();
	*out = (struct usm_swap_device){
		.ctx = array,
		.nr_slots = nr_slots,
		.store = array_store,
		.load = array_load,
		.close = free,
	};
}
