// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <string.h>

#include "waker/ring.h"

static unsigned int calls;
static struct usm_doorbell *last;

static void count(struct usm_doorbell *bell)
{
	calls++;
	last = bell;
}

static const struct usm_transport counting = {
	.name = "counting",
	.source = USM_WAKE_WAKER,
	.wake = count,
};

Test(ring, wakes_only_sleepers)
{
	struct usm_channel page = { .nr_workers = 3 };

	page.doorbell[0].state = USM_WORKER_RUNNING;
	page.doorbell[1].state = USM_WORKER_ASLEEP;
	page.doorbell[1].seq = 41;
	page.doorbell[3].state = USM_WORKER_ASLEEP; /* not registered */
	cr_assert_eq(usm_ring(&page, &counting), 1);
	cr_assert_eq(calls, 1);
	cr_assert_eq(last, &page.doorbell[1]);
	cr_assert_eq(page.doorbell[1].seq, 42);
	cr_assert_eq(page.doorbell[1].rung_by, USM_WAKE_WAKER);
	cr_assert_eq(page.doorbell[1].wakes[USM_WAKE_WAKER], 1);
	cr_assert_eq(page.doorbell[1].wakes[USM_WAKE_KERNEL], 0);
	cr_assert_eq(page.doorbell[0].seq, 0);
}

Test(ring, survives_a_page_of_rubbish)
{
	struct usm_channel page;

	memset(&page, 0xff, sizeof(page));
	cr_assert_eq(usm_ring(&page, &counting), 0);
	for (int i = 0; i < USM_WORKERS_MAX; i++)
		page.doorbell[i].state = USM_WORKER_ASLEEP;
	cr_assert_eq(usm_ring(&page, &counting), USM_WORKERS_MAX);
}

Test(ring, futex_wakes_nobody_without_harm)
{
	struct usm_channel page = { .nr_workers = 1 };

	page.doorbell[0].state = USM_WORKER_ASLEEP;
	cr_assert_eq(usm_ring(&page, &usm_transport_futex), 1);
	cr_assert_eq(page.doorbell[0].seq, 1);
}
