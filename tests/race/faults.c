/* SPDX-License-Identifier: MIT */
/*
 * Threads fault as tagged ones do in the kernel, the real worker serves them:
 * a bit set or a bell rung that goes unnoticed, a reply that is missed, shows
 * as a hang; a frame in two hands is noticed at once.  Every thread spins for
 * a while, sleeps when that was in vain, and now and then gives up.
 *
 *     faults [WORKERS]
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "instance/policies/alloc/registry.h"
#include "instance/worker/doorbell.h"
#include "instance/worker/stock_books.h"
#include "instance/workers.h"
#include "race.h"

#define THREADS 6
#define SLOTS \
	(THREADS * 64) /* a leaf word each: nobody else rescues a lost bit */
#define FRAMES 64
#define HELD 8 /* frames a thread keeps before it frees the oldest */
#define BASE_PFN 4096

/* How long a fault waits for frames that another worker has: for ever. */
#define PATIENCE_NS 1000000000000ULL

static struct usm_bitfield pfq;
static struct usm_slot slots[SLOTS];
static struct usm_doorbell bells[USM_WORKERS_MAX];
static uint32_t nr_workers = 1;
static struct usm_returned *returned;
static uint64_t rounds;

/* The kernel's own record: one lock over everything, as simple as can be. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static uint8_t state[FRAMES];
static uint32_t home[FRAMES];
static uint32_t nr_home;
static uint32_t result[SLOTS]; /* what a sleeper was woken with */
static uint64_t refused;
static uint64_t served_by[THREADS];

static void set_slot_state(uint32_t slot, uint32_t to)
{
	__atomic_store_n(&slots[slot].state, to, __ATOMIC_SEQ_CST);
}

static uint32_t slot_state(uint32_t slot)
{
	return __atomic_load_n(&slots[slot].state, __ATOMIC_SEQ_CST);
}

/* Under the lock.  0, or why the frame cannot be used. */
static int grant(uint32_t frame)
{
	if (frame == USM_FRAME_NONE)
		return 0;
	if (frame >= FRAMES)
		return -EPERM;
	if (state[frame] != USM_FRAME_FREE)
		return -EBUSY;
	state[frame] = USM_FRAME_MAPPED;
	return 0;
}

static int kernel_worker(void *ctx, uint32_t worker)
{
	(void)ctx;
	(void)worker;
	return 0;
}

static int kernel_map(void *ctx, struct usm_map_entry *entries, uint32_t nr)
{
	uint32_t i;

	(void)ctx;
	pthread_mutex_lock(&lock);
	for (i = 0; i < nr; i++) {
		struct usm_map_entry *entry = &entries[i];
		struct usm_slot *slot = &slots[entry->slot];

		if (slot->gen != entry->gen ||
		    slot_state(entry->slot) == USM_SLOT_IDLE) {
			entry->result = -ESTALE;
			continue;
		}
		entry->result = grant(entry->frame);
		refused += entry->result != 0;
		result[entry->slot] =
			entry->result ? USM_FRAME_NONE : entry->frame;
		set_slot_state(entry->slot, USM_SLOT_IDLE);
	}
	pthread_cond_broadcast(&answered);
	pthread_mutex_unlock(&lock);
	return 0;
}

static int kernel_scan(void *ctx, uint32_t *found)
{
	(void)ctx;
	*found = 0;
	return 0;
}

static int kernel_frames(void *ctx, uint32_t first, struct usm_frame_info *out,
			 uint32_t *nr)
{
	uint32_t i;

	(void)ctx;
	memset(out, 0, *nr * sizeof(*out));
	pthread_mutex_lock(&lock);
	for (i = 0; i < *nr && first + i < FRAMES; i++)
		out[i].state = state[first + i];
	pthread_mutex_unlock(&lock);
	return 0;
}

static int kernel_read_freed(void *ctx, uint64_t *pfns, uint32_t *nr)
{
	uint32_t got = 0;

	(void)ctx;
	pthread_mutex_lock(&lock);
	while (nr_home && got < *nr) {
		uint32_t frame = home[--nr_home];

		state[frame] = USM_FRAME_FREE;
		pfns[got++] = BASE_PFN + frame;
	}
	pthread_mutex_unlock(&lock);
	*nr = got;
	return got ? 0 : -EAGAIN;
}

static void let_go(uint32_t frame)
{
	pthread_mutex_lock(&lock);
	race_check(state[frame] == USM_FRAME_MAPPED, "frame %u in two hands",
		   frame);
	state[frame] = USM_FRAME_HOME;
	home[nr_home++] = frame;
	pthread_mutex_unlock(&lock);
}

static void ring(uint32_t index)
{
	struct usm_doorbell *bell = &bells[index % nr_workers];

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&bell->state, __ATOMIC_SEQ_CST) !=
	    USM_WORKER_ASLEEP)
		return;
	__atomic_fetch_add(&bell->wakes[USM_WAKE_KERNEL], 1, __ATOMIC_RELAXED);
	usm_doorbell_ring(bell);
}

static void raise_fault(uint32_t index, uint32_t round)
{
	struct usm_slot *slot = &slots[index];
	uint64_t addr = 0x10000000ULL * (index + 1) + 0x1000 * (round % 512);

	__atomic_store_n(&slot->addr, addr, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->vma_start, 0x10000000ULL * (index + 1),
			 __ATOMIC_RELAXED);
	__atomic_store_n(&slot->vma_end, 0x10000000ULL * (index + 2),
			 __ATOMIC_RELAXED);
	__atomic_store_n(&slot->member, index + 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(&lock);
	__atomic_store_n(&slot->gen, slot->gen + 1, __ATOMIC_SEQ_CST);
	set_slot_state(index, USM_SLOT_SPINNING);
	pthread_mutex_unlock(&lock);
	__atomic_fetch_or(&pfq.leaf[index / 64], 1ULL << (index % 64),
			  __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&pfq.summary, 1ULL << (index / 64), __ATOMIC_SEQ_CST);
	ring(index);
}

/* Is there a reply to the current request? */
static bool has_reply(uint32_t index)
{
	return __atomic_load_n(&slots[index].reply, __ATOMIC_SEQ_CST) >> 32 ==
	       slots[index].gen;
}

/* Takes a stored reply; under the lock, so that no MAP comes in between. */
static uint32_t take_reply(uint32_t index)
{
	uint32_t frame = (uint32_t)__atomic_load_n(&slots[index].reply,
						   __ATOMIC_SEQ_CST);
	int err = grant(frame);

	refused += err != 0;
	set_slot_state(index, USM_SLOT_IDLE);
	return err ? USM_FRAME_NONE : frame;
}

static uint32_t sleep_for_reply(uint32_t index)
{
	uint32_t frame;

	pthread_mutex_lock(&lock);
	if (slot_state(index) != USM_SLOT_IDLE)
		set_slot_state(index, USM_SLOT_ASLEEP);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	/* The reply may have come before the announcement. */
	while (slot_state(index) == USM_SLOT_ASLEEP && !has_reply(index))
		pthread_cond_wait(&answered, &lock);
	if (slot_state(index) == USM_SLOT_ASLEEP)
		frame = take_reply(index);
	else
		frame = result[index];
	pthread_mutex_unlock(&lock);
	return frame;
}

static void give_up(uint32_t index)
{
	pthread_mutex_lock(&lock);
	set_slot_state(index, USM_SLOT_IDLE);
	pthread_mutex_unlock(&lock);
}

static uint32_t fault(uint32_t index, uint32_t round)
{
	uint32_t frame, spins;

	raise_fault(index, round);
	if (round % 61 == 60) {
		give_up(index);
		return USM_FRAME_NONE;
	}
	for (spins = 0; spins < (round % 4) * 200; spins++) {
		if (!has_reply(index))
			continue;
		pthread_mutex_lock(&lock);
		frame = slot_state(index) == USM_SLOT_IDLE ? result[index]
							   : take_reply(index);
		pthread_mutex_unlock(&lock);
		return frame;
	}
	return sleep_for_reply(index);
}

static void *tenant(void *arg)
{
	uint32_t nth = (uint32_t)(uintptr_t)arg;
	/* Each in a word of its own, and spread over the workers. */
	uint32_t index = nth * (SLOTS / THREADS) + nth;
	uint32_t held[HELD], nr_held = 0, round;
	uint64_t *served = &served_by[nth];

	for (round = 0; round < rounds; round++) {
		uint32_t frame = fault(index, round);

		if (frame == USM_FRAME_NONE)
			continue;
		++*served;
		if (nr_held == HELD) {
			let_go(held[0]);
			nr_held--;
			memmove(held, held + 1, nr_held * sizeof(*held));
		}
		held[nr_held++] = frame;
		if (round % 128 == 0)
			usleep(200); /* lets the worker fall asleep */
	}
	while (nr_held)
		let_go(held[--nr_held]);
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
		.worker = kernel_worker,
		.map = kernel_map,
		.scan = kernel_scan,
		.frames = kernel_frames,
		.read_freed = kernel_read_freed,
	};
	const struct usm_channel_view view = { &pfq, slots, SLOTS, NULL };
	struct usm_workers_options options = {
		.kernel = &kernel,
		.claim = &claim,
		.alloc = &usm_alloc_extent,
		.bells = bells,
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
	if (argc > 1)
		nr_workers = (uint32_t)strtoul(argv[1], NULL, 10);
	/* What a machine with fewer CPUs can do. */
	while (nr_workers > (uint32_t)sysconf(_SC_NPROCESSORS_ONLN))
		nr_workers /= 2;
	memset(state, USM_FRAME_FREE, sizeof(state));
	race_check(!usm_returned_create(claim.extents, 1, BASE_PFN, &kernel,
					&returned),
		   "returned");
	options.nr = nr_workers;
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
	race_check(!refused, "%lu frames refused", refused);
	race_check(served > THREADS * rounds * 9 / 10, "only %lu served",
		   served);
	for (i = 0; i < nr_workers; i++) {
		rung += bells[i].wakes[USM_WAKE_KERNEL];
		self += bells[i].wakes[USM_WAKE_SELF];
	}
	printf("%lu faults, %u workers woken %lu by bell, %lu by themselves\n",
	       served, nr_workers, rung, self);
	usm_workers_destroy(workers);
	usm_returned_destroy(returned);
	return 0;
}
