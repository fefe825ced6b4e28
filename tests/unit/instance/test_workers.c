/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "fake_kernel.h"
#include "instance/policies/alloc/registry.h"
#include "instance/worker/backoff.h"
#include "instance/worker/rendezvous.h"
#include "instance/worker/stock_refill.h"
#include "instance/worker/stock_books.h"
#include "instance/workers.h"

#define FRAMES 4096

/* Long enough for any machine, short enough to notice. */
#define PATIENCE_NS 10000000000ULL

static struct fake_kernel fake;
static struct usm_doorbell bells[USM_WORKERS_MAX];
static struct usm_returned *returned;
static struct usm_claim claim;
static unsigned int resized;

static void resize(void *ctx)
{
	(void)ctx;
	__atomic_fetch_add(&resized, 1, __ATOMIC_SEQ_CST);
}

static int make(unsigned int nr, struct usm_workers **out)
{
	struct usm_channel_view view = fake_kernel_view(&fake);
	struct usm_workers_options options = {
		.nr = nr,
		.kernel = &fake.ops,
		.claim = &claim,
		.alloc = &usm_alloc_first_fit,
		.returned = returned,
		.bells = bells,
	};
	int err = usm_workers_create(&options, out);

	if (!err)
		err = usm_stock_reconcile(usm_workers_stocks(*out)[0], NULL);
	return err ? err : usm_workers_schedule(*out, &view, NULL, PATIENCE_NS);
}

static void setup(void)
{
	fake_kernel_init(&fake, FRAMES);
	claim.nr_extents = 1;
	claim.extents[0] = fake.extent;
	cr_assert_eq(usm_returned_create(&fake.extent, 1, FAKE_BASE_PFN,
					 &fake.ops, &returned),
		     0);
}

static void teardown(void)
{
	usm_returned_destroy(returned);
	fake_kernel_fini(&fake);
}

TestSuite(workers, .init = setup, .fini = teardown, .timeout = 30);

Test(workers, come_in_powers_of_two)
{
	struct usm_workers *workers = NULL;

	cr_assert_eq(make(0, &workers), -EINVAL);
	cr_assert_eq(make(3, &workers), -EINVAL);
	cr_assert_eq(make(64, &workers), -EINVAL);
	cr_assert_null(workers);
	usm_workers_destroy(NULL);
}

Test(workers, serve_the_slots_of_their_own)
{
	struct usm_workers *workers;
	unsigned int i;

	cr_assert_eq(make(4, &workers), 0);
	for (i = 0; i < 8; i++)
		fake_fault(&fake, i, 1, 0x1000 * (i + 1));
	/* Slots go round the workers as the kernel's doorbells do. */
	cr_assert_eq(usm_local_manager_run(usm_workers_managers(workers)[1]),
		     2);
	for (i = 0; i < 8; i++)
		cr_assert_eq(fake_consume(&fake, i) >= 0, i % 4 == 1);
	cr_assert_eq(fake.refused, 0);
	usm_workers_destroy(workers);
}

Test(workers, are_not_more_than_there_are_cpus)
{
	struct usm_failure failure = { .exit = USM_EXIT_OK };
	struct usm_workers *workers;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	cr_assert_eq(make(2, &workers), 0);
	cr_assert_eq(usm_workers_start(workers, 0, -1, resize, NULL, &failure),
		     -EINVAL);
	cr_assert_eq(failure.exit, USM_EXIT_USAGE);
	cr_assert(strstr(failure.text, "workers: 2"), "%s", failure.text);
	usm_workers_stop(workers);
	usm_workers_destroy(workers);
}

Test(workers, follow_another_size_together)
{
	struct usm_failure failure = { .exit = USM_EXIT_OK };
	uint64_t end = usm_now_ns() + PATIENCE_NS;
	unsigned int nr = 1;
	struct usm_workers *workers;
	cpu_set_t set;

	cr_assert_eq(sched_getaffinity(0, sizeof(set), &set), 0);
	if (CPU_COUNT(&set) > 1)
		nr = 2;
	cr_assert_eq(make(nr, &workers), 0);
	cr_assert_eq(usm_workers_start(workers, 0, -1, resize, NULL, &failure),
		     0, "%s", failure.text);
	cr_assert_eq(fake.workers, (1U << nr) - 1);
	usm_workers_resize(workers);
	while (!__atomic_load_n(&resized, __ATOMIC_SEQ_CST))
		cr_assert_lt(usm_now_ns(), end, "it is never followed");
	usm_workers_stop(workers);
	cr_assert_eq(resized, 1);
	usm_workers_destroy(workers);
}

/* More than two portions at once, all in worker 0's slots. */
static void overload(void)
{
	uint32_t i;

	for (i = 0; i < 2 * USM_BACKLOG_PORTION + 1; i++)
		fake_fault(&fake, i * 2, 1, 0x1000 * (i + 1));
}

static uint32_t consumed(void)
{
	uint32_t i, nr = 0;

	for (i = 0; i < 2 * USM_BACKLOG_PORTION + 1; i++)
		nr += fake_consume(&fake, i * 2) >= 0;
	return nr;
}

/* A page is being read into it, whatever becomes of the partition meanwhile. */
Test(workers, leave_a_frame_alone_that_another_one_fills)
{
	const struct usm_fault fault = { .member = 1, .vma_end = 0x1000 };
	struct usm_stock *const *stocks;
	struct usm_workers *workers;
	uint32_t frame, i;
	bool dry = false;

	cr_assert_eq(make(2, &workers), 0);
	stocks = usm_workers_stocks(workers);
	frame = usm_stock_pick(stocks[0], &fault, &dry);
	usm_stock_hold(stocks[0], frame);
	cr_assert_eq(usm_stock_resize_all(stocks, 2, &fake.extent, 1), 0);
	cr_assert_eq(usm_stock_reconcile(stocks[1], NULL), 0);
	for (i = 1; i < FRAMES; i++) {
		uint32_t other = usm_stock_pick(stocks[1], &fault, &dry);

		if (other == USM_FRAME_NONE)
			break;
		*fake_state(&fake, other) = USM_FRAME_MAPPED;
	}
	cr_assert_eq(*fake_state(&fake, frame), USM_FRAME_FREE);
	cr_assert_not(usm_stock_let_go(stocks[0], frame));
	usm_stock_give(stocks[0], frame);
	cr_assert(usm_stock_has(stocks[0], frame));
	usm_workers_destroy(workers);
}

Test(workers, help_one_that_is_overloaded)
{
	struct usm_local_manager *const *managers;
	struct usm_workers *workers;

	cr_assert_eq(make(2, &workers), 0);
	managers = usm_workers_managers(workers);
	bells[1].state = USM_WORKER_ASLEEP;
	overload();
	/* Nobody helps who was not asked. */
	cr_assert_not(usm_local_manager_pending(managers[1]));
	cr_assert_eq(usm_local_manager_run(managers[1]), 0);
	cr_assert_eq(usm_local_manager_run(managers[0]),
		     2 * USM_BACKLOG_PORTION + 1);
	cr_assert_eq(consumed(), 2 * USM_BACKLOG_PORTION + 1);
	/* It was asked and woken; what is pending now it takes. */
	cr_assert_eq(bells[1].seq, 1);
	cr_assert(usm_local_manager_pending(managers[1]));
	overload();
	cr_assert_eq(usm_local_manager_run(managers[1]),
		     2 * USM_BACKLOG_PORTION + 1);
	cr_assert_eq(consumed(), 2 * USM_BACKLOG_PORTION + 1);
	/* Nothing left: that was it. */
	cr_assert_eq(usm_local_manager_run(managers[1]), 0);
	overload();
	cr_assert_not(usm_local_manager_pending(managers[1]));
	cr_assert_eq(fake.refused, 0);
	usm_workers_destroy(workers);
}

Test(workers, answer_a_request_once)
{
	struct usm_local_manager *const *managers;
	struct usm_workers *workers;

	cr_assert_eq(make(2, &workers), 0);
	managers = usm_workers_managers(workers);
	bells[1].state = USM_WORKER_ASLEEP;
	overload();
	cr_assert_eq(usm_local_manager_run(managers[0]),
		     2 * USM_BACKLOG_PORTION + 1);
	/* The kernel sets a bit again; the one who helps finds it. */
	fake.pfq.leaf[0] = 1;
	fake.pfq.summary = 1;
	cr_assert_eq(usm_local_manager_run(managers[1]), 1);
	cr_assert_eq(consumed(), 2 * USM_BACKLOG_PORTION + 1);
	cr_assert_eq(usm_stock_nr(usm_workers_stocks(workers)[1]) % 256, 0);
	usm_workers_destroy(workers);
}

Test(claims, are_for_the_latest_request)
{
	static struct usm_claims claims;

	cr_assert(usm_claims_take(&claims, 3, 4000000000U));
	cr_assert_not(usm_claims_take(&claims, 3, 4000000000U));
	cr_assert_not(usm_claims_take(&claims, 3, 3999999999U));
	cr_assert(usm_claims_take(&claims, 3, UINT32_MAX));
	cr_assert(usm_claims_take(&claims, 3, 1));
	cr_assert_not(usm_claims_take(&claims, 3, UINT32_MAX));
	cr_assert(usm_claims_take(&claims, 4, 1));
}

/* ---- rendezvous ------------------------------------------------------------- */

#define COMERS 3

static struct usm_rendezvous *rendezvous;
static unsigned int acted, calls = 200;

static void act(void *ctx)
{
	(void)ctx;
	acted++; /* no atomics: only one does it, while all others wait */
}

static void *come(void *arg)
{
	while (__atomic_load_n(&calls, __ATOMIC_SEQ_CST))
		if (usm_rendezvous_called(rendezvous))
			usm_rendezvous_come(rendezvous);
	usm_rendezvous_leave(rendezvous);
	return arg;
}

Test(rendezvous, is_kept_until_all_have_left, .timeout = 30)
{
	pthread_t threads[COMERS];
	unsigned int i;

	cr_assert_eq(usm_rendezvous_create(COMERS, act, NULL, &rendezvous), 0);
	cr_assert_not(usm_rendezvous_called(rendezvous));
	for (i = 0; i < COMERS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, come, NULL), 0);
	while (__atomic_load_n(&calls, __ATOMIC_SEQ_CST)) {
		usm_rendezvous_call(rendezvous);
		if (calls % 2)
			sched_yield();
		__atomic_fetch_sub(&calls, 1, __ATOMIC_SEQ_CST);
	}
	for (i = 0; i < COMERS; i++)
		cr_assert_eq(pthread_join(threads[i], NULL), 0);
	cr_assert_leq(acted, 200);
	usm_rendezvous_destroy(rendezvous);
	usm_rendezvous_destroy(NULL);
}

Test(rendezvous, of_one_is_done_at_once)
{
	cr_assert_eq(usm_rendezvous_create(1, act, NULL, &rendezvous), 0);
	usm_rendezvous_come(rendezvous);
	cr_assert_eq(acted, 0);
	usm_rendezvous_call(rendezvous);
	usm_rendezvous_call(rendezvous);
	cr_assert(usm_rendezvous_called(rendezvous));
	usm_rendezvous_come(rendezvous);
	cr_assert_eq(acted, 1);
	cr_assert_not(usm_rendezvous_called(rendezvous));
	usm_rendezvous_destroy(rendezvous);
}
