/* SPDX-License-Identifier: MIT */
#include "instance/worker/doorbell.h"

#include <limits.h>
#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void set_state(struct usm_doorbell *bell, enum usm_worker_state state)
{
	__atomic_store_n(&bell->state, (uint32_t)state, __ATOMIC_SEQ_CST);
}

void usm_doorbell_running(struct usm_doorbell *bell)
{
	set_state(bell, USM_WORKER_RUNNING);
}

void usm_doorbell_absent(struct usm_doorbell *bell)
{
	set_state(bell, USM_WORKER_ABSENT);
}

bool usm_doorbell_sleep(struct usm_doorbell *bell, uint64_t limit_ns,
			bool (*busy)(void *ctx), void *ctx)
{
	const struct timespec limit = {
		.tv_sec = (time_t)(limit_ns / 1000000000),
		.tv_nsec = (long)(limit_ns % 1000000000),
	};
	uint32_t seen = __atomic_load_n(&bell->seq, __ATOMIC_SEQ_CST);
	bool slept = false;

	set_state(bell, USM_WORKER_ASLEEP);
	/* Pairs with the ringer's fence between setting a bit and .state. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!busy(ctx)) {
		/* Shared: the kernel and the manager ring from elsewhere. */
		syscall(SYS_futex, &bell->seq, FUTEX_WAIT, seen,
			limit_ns ? &limit : NULL, NULL, 0);
		slept = true;
	}
	set_state(bell, USM_WORKER_RUNNING);
	return slept;
}

void usm_doorbell_ring(struct usm_doorbell *bell)
{
	__atomic_fetch_add(&bell->seq, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &bell->seq, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}
