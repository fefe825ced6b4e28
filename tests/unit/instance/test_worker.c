/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "fake_kernel.h"
#include "instance/policies/alloc/registry.h"
#include "instance/worker/backoff.h"
#include "instance/worker/doorbell.h"
#include "instance/worker/inbox.h"
#include "instance/worker/poll_window.h"
#include "instance/worker/stock_books.h"
#include "instance/worker/wake_cost.h"
#include "instance/worker/worker.h"

#define FRAMES 256
#define PATIENCE_NS 5000000000ULL

static struct fake_kernel fake;
static struct usm_returned *returned;
static struct usm_stock *stock;
static struct usm_local_manager *manager;
static struct usm_inbox *inbox;
static struct usm_worker_thread *worker;

static void setup(void)
{
	struct usm_worker_options options;
	struct usm_channel_view view;

	fake_kernel_init(&fake, FRAMES);
	view = fake_kernel_view(&fake);
	cr_assert_eq(usm_returned_create(&fake.extent, 1, FAKE_BASE_PFN,
					 &fake.ops, &returned),
		     0);
	cr_assert_eq(usm_stock_create(&fake.extent, 1, &usm_alloc_extent,
				      &fake.ops, returned, &stock),
		     0);
	cr_assert_eq(usm_local_manager_create(&view, ~0ULL, stock, NULL, 0,
					      &fake.ops, &manager),
		     0);
	cr_assert_eq(usm_inbox_create(&inbox), 0);
	cr_assert_eq(usm_stock_reconcile(stock, NULL), 0);
	/* A fault from before the start, whose bit was taken by another. */
	fake_fault(&fake, 60, 1, 0x60000);
	fake.pfq.leaf[0] = 0;
	options = (struct usm_worker_options){
		.kernel = &fake.ops,
		.cpu = -1,
		.nr_cpus = 2,
		.wake_cost_ns = USM_WAKE_COST_MAX_NS,
		.bell = &fake.bell,
		.manager = manager,
		.stock = stock,
		.inbox = inbox,
	};
	cr_assert_eq(usm_worker_start(&options, &worker), 0);
	cr_assert_eq(fake.workers, 1);
}

static void teardown(void)
{
	usm_worker_stop(worker);
	cr_assert_eq(fake.bell.state, USM_WORKER_ABSENT);
	usm_local_manager_destroy(manager);
	usm_inbox_destroy(inbox);
	usm_stock_destroy(stock);
	usm_returned_destroy(returned);
	fake_kernel_fini(&fake);
}

TestSuite(worker, .init = setup, .fini = teardown);

static void wait_for_state(uint32_t state)
{
	uint64_t end = usm_now_ns() + PATIENCE_NS;

	while (__atomic_load_n(&fake.bell.state, __ATOMIC_SEQ_CST) != state) {
		cr_assert_lt(usm_now_ns(), end, "state %u never came", state);
		usleep(100);
	}
}

static int64_t wait_for_frame(uint32_t slot)
{
	uint64_t end = usm_now_ns() + PATIENCE_NS;
	int64_t frame;

	while ((frame = fake_consume(&fake, slot)) < 0)
		cr_assert_lt(usm_now_ns(), end, "no reply in slot %u", slot);
	return frame;
}

/* The kernel's side: ring only when the worker says that it sleeps. */
static void ring_if_asleep(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&fake.bell.state, __ATOMIC_SEQ_CST) ==
	    USM_WORKER_ASLEEP)
		usm_doorbell_ring(&fake.bell);
}

Test(worker, serves_what_waited_before_it_started)
{
	cr_assert_neq(wait_for_frame(60), USM_FRAME_NONE);
}

Test(worker, wakes_up_for_every_fault)
{
	uint32_t i;

	for (i = 0; i < 64; i++) {
		if (i % 8 == 0)
			wait_for_state(USM_WORKER_ASLEEP);
		fake_fault(&fake, i % 32, 1, 0x1000 * i);
		ring_if_asleep();
		cr_assert_neq(wait_for_frame(i % 32), USM_FRAME_NONE);
	}
	cr_assert_eq(fake.refused, 0);
}

static uint64_t process_cpu_ns(void)
{
	struct timespec spent;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
	return (uint64_t)spent.tv_sec * 1000000000ULL + (uint64_t)spent.tv_nsec;
}

Test(worker, idle_costs_nothing)
{
	struct rusage before, after;
	uint64_t spent;

	wait_for_state(USM_WORKER_ASLEEP);
	spent = process_cpu_ns();
	getrusage(RUSAGE_SELF, &before);
	usleep(300000);
	getrusage(RUSAGE_SELF, &after);
	/* This thread's own sleep is in the sums, so not quite zero. */
	cr_assert_lt(process_cpu_ns() - spent, 2000000);
	cr_assert_leq(after.ru_nvcsw - before.ru_nvcsw, 2);
}

Test(worker, stops_while_asleep)
{
	wait_for_state(USM_WORKER_ASLEEP);
}

static bool yes(void *ctx)
{
	(void)ctx;
	return true;
}

Test(doorbell, does_not_sleep_with_work_at_hand)
{
	struct usm_doorbell bell = { 0 };

	cr_assert_not(usm_doorbell_sleep(&bell, 0, yes, NULL));
	cr_assert_eq(bell.state, USM_WORKER_RUNNING);
}

static bool ring_meanwhile(void *ctx)
{
	usm_doorbell_ring(ctx);
	return false;
}

Test(doorbell, ring_between_look_and_sleep_is_not_lost)
{
	struct usm_doorbell bell = { 0 };

	/* Would block for ever if the ring were lost. */
	usm_doorbell_sleep(&bell, 0, ring_meanwhile, &bell);
	cr_assert_eq(bell.seq, 1);
}

Test(poll_window, never_on_one_cpu)
{
	struct usm_poll_window window;

	usm_poll_window_init(&window, 1, 50000);
	cr_assert_eq(usm_poll_window_open(&window), 0);
	usm_poll_window_close(&window, 10, true);
	cr_assert_eq(usm_poll_window_open(&window), 0);
}

/* Lets `times` gaps pass; gaps below the window are found by polling. */
static unsigned int polls(struct usm_poll_window *window, uint64_t gap_ns,
			  unsigned int times)
{
	unsigned int polled = 0;

	while (times--) {
		uint32_t ns = usm_poll_window_open(window);

		polled += ns > 0;
		usm_poll_window_close(window, gap_ns, gap_ns < ns);
	}
	return polled;
}

Test(poll_window, follows_the_gaps)
{
	struct usm_poll_window window;

	usm_poll_window_init(&window, 2, 50000);
	/* Close together: every one is polled for. */
	cr_assert_eq(polls(&window, 10000, 100), 100);
	/* Far apart: given up soon, but for a probe now and then. */
	polls(&window, 1000000, 10);
	cr_assert_leq(polls(&window, 1000000, 800), 800 / USM_POLL_PROBE + 1);
	/* Close together again: noticed by the next probe. */
	polls(&window, 10000, USM_POLL_PROBE + 4);
	cr_assert_eq(polls(&window, 10000, 100), 100);
	/* A few long gaps among short ones do not count. */
	polls(&window, 1000000, 1);
	cr_assert_eq(polls(&window, 10000, 100), 100);
}

Test(wake_cost, is_within_its_bounds)
{
	uint32_t ns = usm_wake_cost_ns();

	cr_assert_geq(ns, USM_WAKE_COST_MIN_NS);
	cr_assert_leq(ns, USM_WAKE_COST_MAX_NS);
}

Test(inbox, is_a_queue_with_an_end)
{
	struct usm_inbox *box;
	struct usm_inbox_message message;
	uint32_t i, posted = 0;

	cr_assert_eq(usm_inbox_create(&box), 0);
	cr_assert_not(usm_inbox_take(box, &message));
	while (usm_inbox_post(box, (struct usm_inbox_message){
					   .member = posted + 1,
					   .tgid = posted & 0xffff,
					   .group = posted & 0xff,
				   }))
		posted++;
	cr_assert_gt(posted, 100);
	for (i = 1; i <= posted; i++) {
		cr_assert(usm_inbox_take(box, &message));
		cr_assert_eq(message.member, i);
		cr_assert_eq(message.tgid, i - 1);
		cr_assert_eq(message.group, (i - 1) & 0xff);
	}
	cr_assert_not(usm_inbox_take(box, &message));
	usm_inbox_destroy(box);
}
