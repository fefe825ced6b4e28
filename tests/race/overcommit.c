/* SPDX-License-Identifier: MIT */
/*
 * Threads with many times the pages that there are frames, several workers, one
 * pager, and a device that takes its time: every page that comes back is the
 * one that went, whoever evicted it for whom.  A frame whose page the pager is not told of is never evicted, a
 * fault that is handed over and forgotten is never served: both show as a hang.
 * The partition may shrink and grow all the while: what leaves it comes back
 * empty.
 *
 *     overcommit [WORKERS [resize]]
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "common/client.h"
#include "frames.h"
#include "instance/policies/alloc/registry.h"
#include "instance/policies/evict/registry.h"
#include "instance/worker/resize.h"
#include "instance/worker/stock_books.h"
#include "instance/workers.h"
#include "race.h"
#include "slots.h"
#include "slow_device.h"

#define THREADS 4U
#define FRAMES 64U

/*
 * When it has shrunk.  The frames that leave are no more than a worker that has
 * not heard of it tries for one fault before it leaves that to the kernel.
 */
#define FEWER 48U

#define PAGES 96U /* of each thread: more than there are frames */
#define SWAP_SLOTS (THREADS * PAGES + 1)
#define WORDS (USM_FRAME_BYTES / sizeof(uint64_t))

/* A fault waits for as long as it takes. */
#define PATIENCE_NS 1000000000000ULL

enum where {
	NOWHERE,
	MAPPED,
	OUT
};

struct page {
	enum where where;
	uint32_t frame; /* MAPPED: the one; OUT: held, or USM_FRAME_NONE */
	uint64_t cookie;
	uint64_t value;
};

static struct race_frames frames;
static struct usm_notices notices;
static struct usm_returned *returned;
static uint64_t rounds;

/* Only the first word of a page means something. */
static uint64_t pool[FRAMES][WORDS] __attribute__((aligned(4096)));

/* The kernel's record of pages, under the lock of that of frames. */
static struct page pages[THREADS * PAGES];
static bool resizes;
static uint32_t followed; /* sizes, by the workers */
static uint64_t evictions, swapins, retaken;

static uint64_t get(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void put(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static uint64_t addr_of(uint32_t page)
{
	return 0x10000000 + (uint64_t)page * USM_FRAME_BYTES;
}

/* ---- under the lock ------------------------------------------------------------ */

static void post(const struct usm_notice *notice)
{
	uint64_t tail = __atomic_load_n(&notices.tail, __ATOMIC_ACQUIRE);

	/* The pages that are out are far fewer. */
	race_check(notices.head - tail < USM_NOTICES, "notices are read");
	notices.ring[notices.head % USM_NOTICES] = *notice;
	__atomic_store_n(&notices.head, notices.head + 1, __ATOMIC_RELEASE);
}

static void end_record(const struct page *page)
{
	post(&(struct usm_notice){
		.type = USM_NOTICE_DROPPED,
		.frame = USM_FRAME_NONE,
		.cookie = page->cookie,
	});
}

static void retake(uint32_t index)
{
	struct page *page = &pages[index];

	retaken++;
	*race_frames_state(&frames, page->frame) = USM_FRAME_MAPPED;
	post(&(struct usm_notice){
		.type = USM_NOTICE_RETAKEN,
		.frame = page->frame,
		.member = 1,
		.addr = addr_of(index),
		.cookie = page->cookie,
	});
	end_record(page);
	page->where = MAPPED;
}

static void drop(uint32_t index)
{
	struct page *page = &pages[index];

	if (page->where == OUT)
		end_record(page);
	if (page->where != NOWHERE && page->frame != USM_FRAME_NONE)
		race_frames_come_home(&frames, page->frame);
	page->where = NOWHERE;
}

static uint32_t page_of_slot(uint32_t slot)
{
	return (uint32_t)((__atomic_load_n(&race_slots.slot[slot].addr,
					   __ATOMIC_RELAXED) -
			   addr_of(0)) >>
			  USM_FRAME_SHIFT);
}

/* An answer to the fault on a page: 0, or why it is refused. */
static int use(uint32_t slot, uint32_t frame)
{
	uint32_t index = page_of_slot(slot);
	struct page *page = &pages[index];
	int err = race_frames_use(&frames, frame);

	if (err || frame == USM_FRAME_NONE)
		return err;
	if (page->where == OUT) {
		race_check(get(pool[frame]) == page->value,
			   "page %u came back as another", index);
		swapins++;
		end_record(page);
	} else {
		put(pool[frame], page->value);
	}
	page->where = MAPPED;
	page->frame = frame;
	return 0;
}

/* True when the page is there, and right. */
static bool touch(uint32_t index)
{
	struct page *page = &pages[index];

	if (page->where == OUT && page->frame != USM_FRAME_NONE)
		retake(index);
	if (page->where != MAPPED)
		return false;
	race_check(get(pool[page->frame]) == page->value,
		   "page %u holds something else", index);
	put(pool[page->frame], ++page->value);
	return true;
}

/* ---- what workers ask the kernel for ---------------------------------------------- */

static int kernel_evict(void *ctx, struct usm_evict_entry *entries, uint32_t nr)
{
	uint32_t i, index;

	(void)ctx;
	pthread_mutex_lock(&frames.lock);
	for (i = 0; i < nr; i++) {
		for (index = 0; index < THREADS * PAGES; index++)
			if (pages[index].where == MAPPED &&
			    pages[index].frame == entries[i].frame)
				break;
		entries[i].result = -ENOENT;
		if (index == THREADS * PAGES)
			continue;
		entries[i].result = 0;
		*race_frames_state(&frames, entries[i].frame) =
			USM_FRAME_EVICTING;
		pages[index].where = OUT;
		pages[index].cookie = entries[i].cookie;
		evictions++;
	}
	pthread_mutex_unlock(&frames.lock);
	return 0;
}

static int kernel_free(void *ctx, struct usm_free_entry *entries, uint32_t nr)
{
	uint32_t i, index;

	(void)ctx;
	pthread_mutex_lock(&frames.lock);
	for (i = 0; i < nr; i++) {
		for (index = 0; index < THREADS * PAGES; index++)
			if (pages[index].where == OUT &&
			    pages[index].frame == entries[i].frame)
				break;
		entries[i].result = -ESTALE;
		if (index == THREADS * PAGES)
			continue;
		entries[i].result = 0;
		pages[index].frame = USM_FRAME_NONE;
		race_frames_set_free(&frames, entries[i].frame);
		/* Whoever needs it again must get it from the device. */
		put(pool[entries[i].frame], ~0ULL);
	}
	pthread_mutex_unlock(&frames.lock);
	return 0;
}

/* ---- the tenants ------------------------------------------------------------------- */

static void raise_fault(uint32_t slot, uint32_t index)
{
	struct usm_slot *at = &race_slots.slot[slot];
	const struct page *page = &pages[index];

	pthread_mutex_lock(&frames.lock);
	__atomic_store_n(&at->addr, addr_of(index), __ATOMIC_RELAXED);
	__atomic_store_n(&at->cookie, page->cookie, __ATOMIC_RELAXED);
	__atomic_store_n(&at->kind,
			 page->where == OUT ? USM_FAULT_SWAPIN : USM_FAULT_ANON,
			 __ATOMIC_RELAXED);
	__atomic_store_n(&at->member, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&frames.lock);
	race_slots_raise(slot);
}

static void fault(uint32_t slot, uint32_t index, bool leaves)
{
	raise_fault(slot, index);
	if (leaves && race_slots_leave(slot))
		return;
	race_check(race_slots_sleep(slot) != USM_FRAME_NONE,
		   "page %u gets no frame", index);
}

static void *tenant(void *arg)
{
	uint32_t nth = (uint32_t)(uintptr_t)arg, round;
	uint32_t slot = race_slots_of_thread(nth);
	uint64_t random = nth + 1;

	for (round = 0; round < rounds; round++) {
		uint32_t index = nth * PAGES;
		bool there;

		random = random * 6364136223846793005ULL + 1442695040888963407;
		index += (uint32_t)(random >> 33) % PAGES;
		pthread_mutex_lock(&frames.lock);
		there = touch(index);
		if (there && round % 32 == 0)
			drop(index);
		pthread_mutex_unlock(&frames.lock);
		if (!there)
			fault(slot, index, round % 61 == 60);
		if (round % 256 == 0)
			usleep(300); /* lets workers fall asleep */
	}
	pthread_mutex_lock(&frames.lock);
	for (round = 0; round < PAGES; round++)
		drop(nth * PAGES + round);
	pthread_mutex_unlock(&frames.lock);
	return arg;
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

/* ---- another size -------------------------------------------------------------------- */

static void resize(void *ctx)
{
	if (resizes)
		race_check(!usm_resize_follow(ctx), "following");
	__atomic_fetch_add(&followed, 1, __ATOMIC_SEQ_CST);
}

/* As the module: what is free leaves at once, the rest when it is. */
static void set_size(struct usm_workers *workers, uint32_t size)
{
	uint32_t before = __atomic_load_n(&followed, __ATOMIC_SEQ_CST), i;

	pthread_mutex_lock(&frames.lock);
	frames.have = size;
	for (i = 0; i < FRAMES; i++) {
		uint8_t state = *race_frames_state(&frames, i);

		if (state != USM_FRAME_POOL && state != USM_FRAME_FREE)
			continue;
		if (i >= size || state == USM_FRAME_POOL)
			put(pool[i], 0);
		race_frames_set_free(&frames, i);
	}
	race_slots_ask_again();
	pthread_mutex_unlock(&frames.lock);
	usm_workers_resize(workers);
	while (__atomic_load_n(&followed, __ATOMIC_SEQ_CST) == before)
		usleep(100);
}

struct resizer {
	struct usm_workers *workers;
	bool stop;
};

static void *shrink_and_grow(void *arg)
{
	struct resizer *resizer = arg;

	while (!__atomic_load_n(&resizer->stop, __ATOMIC_RELAXED)) {
		set_size(resizer->workers, FEWER);
		usleep(500);
		set_size(resizer->workers, FRAMES);
		usleep(500);
	}
	return NULL;
}

static void run(struct usm_workers *workers)
{
	struct resizer resizer = { .workers = workers };
	pthread_t threads[THREADS], reader, size;
	bool stop = false;
	uintptr_t i;

	race_check(!pthread_create(&reader, NULL, control, &stop), "thread");
	for (i = 0; i < THREADS; i++)
		race_check(
			!pthread_create(&threads[i], NULL, tenant, (void *)i),
			"thread");
	if (resizes)
		race_check(
			!pthread_create(&size, NULL, shrink_and_grow, &resizer),
			"thread");
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		/* Standing still together must not get in their way. */
		usm_workers_resize(workers);
	}
	__atomic_store_n(&resizer.stop, true, __ATOMIC_RELAXED);
	if (resizes)
		pthread_join(size, NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(reader, NULL);
	usm_workers_stop(workers);
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
		.evict = kernel_evict,
		.free = kernel_free,
		.read_freed = race_frames_read_freed,
		.extents = race_frames_extents,
	};
	const struct usm_channel_view view = race_slots_view(THREADS, &notices);
	struct usm_workers_options options = {
		.kernel = &kernel,
		.claim = &claim,
		.alloc = &usm_alloc_first_fit,
		.bells = race_slots.bells,
	};
	struct usm_swap_device device;
	struct usm_pager_options paging = {
		.kernel = &kernel,
		.policy = &usm_evict_fifo,
		.device = &device,
		.notices = &notices,
		.pool = (char *)pool,
		.pool_frames = FRAMES,
		.marks = usm_watermarks_of(FRAMES, 5, 10),
	};
	struct usm_resize_parts parts = {
		.kernel = &kernel,
		.pool_frames = FRAMES,
		.free_low_percent = 5,
		.free_high_percent = 10,
	};
	struct usm_workers *workers;
	struct usm_failure failure;
	struct usm_pager *pager;

	race_watchdog();
	slow_device_open(SWAP_SLOTS, &device);
	rounds = race_rounds(6000);
	options.nr = race_workers(argc, argv);
	resizes = argc > 2;
	race_frames_init(&frames, 0, FRAMES);
	race_slots_init(&frames, options.nr, use);
	race_check(!usm_returned_create(claim.extents, 1, RACE_BASE_PFN,
					&kernel, &returned),
		   "returned");
	options.returned = returned;
	race_check(!usm_workers_create(&options, &workers), "workers");
	paging.stock = usm_workers_stocks(workers)[0];
	race_check(!usm_pager_create(&paging, &pager), "pager");
	race_check(!usm_workers_schedule(workers, &view, pager, PATIENCE_NS),
		   "managers");
	race_check(!usm_stock_reconcile(paging.stock, NULL), "reconcile");
	parts.nr_workers = options.nr;
	parts.stocks = usm_workers_stocks(workers);
	parts.managers = usm_workers_managers(workers);
	parts.pager = pager;
	race_check(!usm_workers_start(workers, 0, -1, resize, &parts, &failure),
		   "threads");
	run(workers);
	usm_pager_work(pager);
	race_check(!usm_pager_out(pager), "slots are left over");
	race_check(!race_slots.refused || resizes, "%lu frames refused",
		   race_slots.refused);
	race_check(evictions > rounds && swapins > rounds / 2,
		   "%lu evictions, %lu came back", evictions, swapins);
	printf("%lu evictions, %lu came back, %lu were taken back\n", evictions,
	       swapins, retaken);
	usm_swap_device_close(&device);
	usm_workers_destroy(workers);
	usm_pager_destroy(pager);
	usm_returned_destroy(returned);
	return 0;
}
