/* SPDX-License-Identifier: MIT */
#include "bench/guest/worker.h"

#include <errno.h>

#include "bench/guest/cpu.h"
#include "bench/guest/futex.h"
#include "common/client.h"

/* Of mode_taken: no mode at all. */
#define NOT_RUNNING 0xffffffffu

static enum worker_mode mode_of(const struct policy *policy)
{
	return __atomic_load_n(&policy->mode, __ATOMIC_ACQUIRE);
}

static void answer(struct policy *policy, uint32_t index)
{
	struct usm_slot *slot = &policy->slots[index];
	uint32_t gen = __atomic_load_n(&slot->gen, __ATOMIC_ACQUIRE);
	struct usm_map_entry entry = { .slot = index, .gen = gen };

	if (policy_take(policy, 1, &entry.frame))
		entry.frame = USM_FRAME_NONE;
	__atomic_store_n(&slot->reply, USM_REPLY(gen, entry.frame),
			 __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&policy->answered, 1, __ATOMIC_RELEASE);
	if (__atomic_load_n(&slot->state, __ATOMIC_SEQ_CST) != USM_SLOT_ASLEEP)
		return;
	/* ESTALE: it woke by itself and saw the reply. */
	if (usm_client_map(policy->dev, &entry, 1, NULL) ||
	    (entry.result && entry.result != -ESTALE))
		__atomic_fetch_add(&policy->refused, 1, __ATOMIC_RELEASE);
	else
		__atomic_fetch_add(&policy->woken, 1, __ATOMIC_RELEASE);
}

static bool pending(const struct policy *policy)
{
	return __atomic_load_n(&policy->pfq->summary, __ATOMIC_SEQ_CST) != 0;
}

static void answer_all(struct policy *policy)
{
	struct usm_bitfield *pfq = policy->pfq;
	uint64_t words =
		__atomic_exchange_n(&pfq->summary, 0, __ATOMIC_SEQ_CST);
	uint64_t bits;
	uint32_t word;

	for (; words; words &= words - 1) {
		word = (uint32_t)__builtin_ctzll(words);
		bits = __atomic_exchange_n(&pfq->leaf[word], 0,
					   __ATOMIC_SEQ_CST);
		for (; bits; bits &= bits - 1)
			answer(policy,
			       word * 64 + (uint32_t)__builtin_ctzll(bits));
	}
}

static void go_to_sleep(struct policy *policy)
{
	struct usm_doorbell *bell = &policy->channel->doorbell[0];
	uint32_t seen = __atomic_load_n(&bell->seq, __ATOMIC_SEQ_CST);

	__atomic_store_n(&bell->state, USM_WORKER_ASLEEP, __ATOMIC_SEQ_CST);
	if (!pending(policy) && mode_of(policy) == WORKER_SLEEPS)
		futex_wait(&bell->seq, seen);
	__atomic_store_n(&bell->state, USM_WORKER_RUNNING, __ATOMIC_SEQ_CST);
}

static void *run(void *arg)
{
	struct policy *policy = arg;
	enum worker_mode mode;

	policy->error = usm_client_worker(policy->dev, 0);
	while ((mode = mode_of(policy)) != WORKER_ENDS) {
		if (policy->mode_taken != mode)
			futex_set(&policy->mode_taken, mode);
		if (pending(policy))
			answer_all(policy);
		else if (mode == WORKER_POLLS)
			__builtin_ia32_pause();
		else
			go_to_sleep(policy);
	}
	return NULL;
}

int worker_start(struct policy *policy, int cpu)
{
	pthread_attr_t attr;
	cpu_set_t set;
	int err;

	policy->mode = WORKER_SLEEPS;
	policy->mode_taken = NOT_RUNNING;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	err = -pthread_create(&policy->worker, &attr, run, policy);
	pthread_attr_destroy(&attr);
	if (err)
		return err;
	futex_until(&policy->mode_taken, WORKER_SLEEPS);
	return policy->error;
}

static void ring(struct policy *policy)
{
	struct usm_doorbell *bell = &policy->channel->doorbell[0];

	futex_set(&bell->seq,
		  __atomic_load_n(&bell->seq, __ATOMIC_SEQ_CST) + 1);
}

void policy_set_mode(struct policy *policy, enum worker_mode mode)
{
	__atomic_store_n(&policy->mode, mode, __ATOMIC_SEQ_CST);
	ring(policy);
	if (mode != WORKER_ENDS)
		futex_until(&policy->mode_taken, mode);
}

void worker_stop(struct policy *policy)
{
	policy_set_mode(policy, WORKER_ENDS);
	pthread_join(policy->worker, NULL);
}
