/* SPDX-License-Identifier: MIT */
#include "instance/arena/balance.h"

/*
 * Four runs of the shared arena: a batch costs a few hundred nanoseconds, and
 * is fetched for every 192 faults at most.
 */
#define FILL_MAX 256U

/* Workers together keep an eighth of the partition to themselves at most. */
#define FILL_PART 8U

static uint32_t at_least(uint32_t value, uint32_t least)
{
	return value < least ? least : value;
}

struct usm_share usm_share_of(uint32_t frames, unsigned int nr_workers)
{
	uint32_t fill = frames / FILL_PART / nr_workers;
	struct usm_share share;

	share.fill = at_least(fill > FILL_MAX ? FILL_MAX : fill, 1);
	share.low = at_least(share.fill / 4, 1);
	/* Far apart, so that what a worker frees and takes again stays. */
	share.high = share.fill * 4;
	return share;
}

static bool has_some(const struct usm_balance *balance, unsigned int worker)
{
	return __atomic_load_n(&balance->worker[worker].nr_free,
			       __ATOMIC_RELAXED) ||
	       usm_returned_pending(balance->returned, worker);
}

bool usm_balance_others_have(const struct usm_balance *balance,
			     unsigned int worker)
{
	unsigned int i;

	for (i = 0; i < balance->nr_workers; i++)
		if (i != worker && has_some(balance, i))
			return true;
	return false;
}

uint32_t usm_balance_nr_free(const struct usm_balance *balance)
{
	uint32_t total = 0;
	unsigned int i;

	for (i = 0; i < balance->nr_workers; i++)
		total += __atomic_load_n(&balance->worker[i].nr_free,
					 __ATOMIC_RELAXED) +
			 usm_returned_nr(balance->returned, i);
	return total;
}

void usm_balance_ask(struct usm_balance *balance, unsigned int worker)
{
	unsigned int i;

	for (i = 0; i < balance->nr_workers; i++) {
		if (i == worker || !has_some(balance, i))
			continue;
		if (__atomic_exchange_n(&balance->worker[i].asked, 1,
					__ATOMIC_SEQ_CST))
			continue;
		if (balance->wake)
			balance->wake(balance->wake_ctx, i);
	}
}

void usm_balance_publish(struct usm_balance *balance, unsigned int worker,
			 uint32_t nr)
{
	__atomic_store_n(&balance->worker[worker].nr_free, nr,
			 __ATOMIC_RELAXED);
}

bool usm_balance_asked(const struct usm_balance *balance, unsigned int worker)
{
	return __atomic_load_n(&balance->worker[worker].asked,
			       __ATOMIC_RELAXED);
}

bool usm_balance_take_asked(struct usm_balance *balance, unsigned int worker)
{
	return usm_balance_asked(balance, worker) &&
	       __atomic_exchange_n(&balance->worker[worker].asked, 0,
				   __ATOMIC_SEQ_CST);
}
