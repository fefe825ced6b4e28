/* SPDX-License-Identifier: MIT */
/*
 * Threads fault as tagged ones do in the kernel, the real worker serves them:
 * a bit set or a bell rung that goes unnoticed, a reply that is missed, shows
 * as a hang; a frame in two hands is noticed at once.  Every thread spins for
 * a while, sleeps when that was in vain, and now and then gives up.
 *
 *     faults [WORKERS]
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "frames.h"
#include "instance/policies/alloc/registry.h"
#include "instance/worker/stock_books.h"
#include "instance/workers.h"
#include "race.h"
#include "slots.h"

#define THREADS 6
#define FRAMES 64
#define HELD 8 /* frames a thread keeps before it frees the oldest */

/* How long a fault waits for frames that another worker has: for ever. */
#define PATIENCE_NS 1000000000000ULL

static struct race_frames frames;
static struct usm_returned *returned;
static uint64_t rounds;
static uint64_t served_by[THREADS];

static int use(uint32_t slot, uint32_t frame)
{
	(void)slot;
	return race_frames_use(&frames, frame);
}

static void raise_fault(uint32_t index, uint32_t round)
{
	struct usm_slot *slot = &race_slots.slot[index];
	uint64_t addr = 0x10000000ULL * (index + 1) + 0x1000 * (round % 512);

	__atomic_store_n(&slot->addr, addr, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->vma_start, 0x10000000ULL * (index + 1),
			 __ATOMIC_RELAXED);
	__atomic_store_n(&slot->vma_end, 0x10000000ULL * (index + 2),
			 __ATOMIC_RELAXED);
	__atomic_store_n(&slot->member, index + 1, __ATOMIC_RELAXED);
	race_slots_raise(index);
}

static uint32_t fault(uint32_t index, uint32_t round)
{
	uint32_t frame, spins;

	raise_fault(index, round);
	if (round % 61 == 60 && race_slots_leave(index))
		return USM_FRAME_NONE;
	for (spins = 0; spins < (round % 4) * 200; spins++)
		if (race_slots_replied(index) && race_slots_take(index, &frame))
			return frame;
	return race_slots_sleep(index);
}

static void *tenant(void *arg)
{
	uint32_t nth = (uint32_t)(uintptr_t)arg;
	uint32_t index = race_slots_of_thread(nth);
	uint32_t held[HELD], nr_held = 0, round;
	uint64_t *served = &served_by[nth];

	for (round = 0; round < rounds; round++) {
		uint32_t frame = fault(index, round);

		if (frame == USM_FRAME_NONE)
			continue;
		++*served;
		if (nr_held == HELD) {
			race_frames_let_go(&frames, held[0]);
			nr_held--;
			memmove(held, held + 1, nr_held * sizeof(*held));
		}
		held[nr_held++] = frame;
		if (round % 128 == 0)
			usleep(200); /* lets the worker fall asleep */
	}
	while (nr_held)
		race_frames_let_go(&frames, held[--nr_held]);
	return arg;
}

struct changes {
	struct usm_workers *workers;
	sem_t done;
	bool stop;
	unsigned int nr;
};

static void post(void *ctx)
{
	sem_post(ctx);
}

static void *control(void *arg)
{
	bool *stop = arg;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		usm_returned_collect(returned, NULL);
		usleep(50);
	}
	return NULL;
}

/* Policies change under it all. */
static void *change(void *arg)
{
	static const struct usm_alloc_policy *const policies[] = {
		&usm_alloc_first_fit,
		&usm_alloc_extent,
	};
	struct changes *changes = arg;
	struct usm_exchange exchange = {
		.done = post,
		.done_ctx = &changes->done,
	};

	for (; !__atomic_load_n(&changes->stop, __ATOMIC_RELAXED);
	     changes->nr++) {
		exchange.alloc = policies[changes->nr % 2];
		usm_workers_exchange(changes->workers, &exchange);
		while (sem_wait(&changes->done))
			;
		race_check(!exchange.result, "%s", exchange.failure.text);
		usleep(200);
	}
	return NULL;
}

static void resize(void *ctx)
{
	(void)ctx;
}

int main(int argc, char **argv)
{
	static const struct usm_claim claim = {
		.nr_extents = 1,
		.extents = { { 0, FRAMES } },
	};
	static const struct usm_kernel kernel = {
		.ctx = &frames,
		.worker = race_slots_worker,
		.map = race_slots_map,
		.scan = race_frames_scan,
		.frames = race_frames_list,
		.read_freed = race_frames_read_freed,
	};
	const struct usm_channel_view view = race_slots_view(THREADS, NULL);
	struct usm_workers_options options = {
		.kernel = &kernel,
		.claim = &claim,
		.alloc = &usm_alloc_extent,
		.bells = race_slots.bells,
	};
	uint64_t served = 0, rung = 0, self = 0;
	pthread_t threads[THREADS], reader, changer;
	struct changes changes = { 0 };
	struct usm_workers *workers;
	struct usm_failure failure;
	bool stop = false;
	uintptr_t i;

	race_watchdog();
	rounds = race_rounds(6000);
	options.nr = race_workers(argc, argv);
	race_frames_init(&frames, 0, FRAMES);
	race_slots_init(&frames, options.nr, use);
	race_check(!usm_returned_create(claim.extents, 1, RACE_BASE_PFN,
					&kernel, &returned),
		   "returned");
	options.returned = returned;
	race_check(!usm_workers_create(&options, &workers), "workers");
	race_check(!usm_stock_reconcile(usm_workers_stocks(workers)[0], NULL),
		   "reconcile");
	race_check(!usm_workers_schedule(workers, &view, NULL, PATIENCE_NS),
		   "managers");
	race_check(!usm_workers_start(workers, 0, -1, resize, NULL, &failure),
		   "threads");
	race_check(!pthread_create(&reader, NULL, control, &stop), "thread");
	changes.workers = workers;
	sem_init(&changes.done, 0, 0);
	race_check(!pthread_create(&changer, NULL, change, &changes), "thread");
	for (i = 0; i < THREADS; i++)
		race_check(
			!pthread_create(&threads[i], NULL, tenant, (void *)i),
			"thread");
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		served += served_by[i];
		/* Standing still together must not get in their way. */
		usm_workers_resize(workers);
	}
	__atomic_store_n(&changes.stop, true, __ATOMIC_RELAXED);
	pthread_join(changer, NULL);
	race_check(changes.nr > 10, "only %u changes", changes.nr);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(reader, NULL);
	usm_workers_stop(workers);
	race_check(!race_slots.refused, "%lu frames refused",
		   race_slots.refused);
	race_check(served > THREADS * rounds * 9 / 10, "only %lu served",
		   served);
	for (i = 0; i < options.nr; i++) {
		rung += race_slots.bells[i].wakes[USM_WAKE_KERNEL];
		self += race_slots.bells[i].wakes[USM_WAKE_SELF];
	}
	printf("%lu faults, %u workers woken %lu by bell, %lu by themselves\n",
	       served, options.nr, rung, self);
	usm_workers_destroy(workers);
	usm_returned_destroy(returned);
	return 0;
}
