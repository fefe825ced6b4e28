// SPDX-License-Identifier: MIT
#include "ring.h"

unsigned int usm_ring(struct usm_channel *page,
		      const struct usm_transport *transport)
{
	unsigned int nr = __atomic_load_n(&page->nr_workers, __ATOMIC_ACQUIRE);
	unsigned int woken = 0;

	if (nr > USM_WORKERS_MAX)
		nr = USM_WORKERS_MAX;
	for (unsigned int i = 0; i < nr; i++) {
		struct usm_doorbell *bell = &page->doorbell[i];
		__u64 *count = &bell->wakes[transport->source];

		if (__atomic_load_n(&bell->state, __ATOMIC_SEQ_CST) !=
		    USM_WORKER_ASLEEP)
			continue;
		__atomic_store_n(&bell->rung_by, (__u32)transport->source,
				 __ATOMIC_RELAXED);
		/* One writer, so no locked instruction is needed. */
		__atomic_store_n(count,
				 __atomic_load_n(count, __ATOMIC_RELAXED) + 1,
				 __ATOMIC_RELAXED);
		__atomic_add_fetch(&bell->seq, 1, __ATOMIC_SEQ_CST);
		transport->wake(bell);
		woken++;
	}
	return woken;
}
