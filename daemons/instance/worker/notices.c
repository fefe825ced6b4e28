/* SPDX-License-Identifier: MIT */
#include "instance/worker/notices.h"

bool usm_notices_read(struct usm_notice_reader *reader,
		      void (*take)(void *ctx, const struct usm_notice *notice),
		      void *ctx)
{
	struct usm_notices *ring = reader->ring;
	uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
	uint64_t tail = ring->tail, lost;

	while (tail != head) {
		struct usm_notice notice = ring->ring[tail % USM_NOTICES];

		/* Room first: taking it may take a while. */
		__atomic_store_n(&ring->tail, ++tail, __ATOMIC_RELEASE);
		take(ctx, &notice);
	}
	/* After the head, so that no loss falls between the two. */
	lost = __atomic_load_n(&ring->lost, __ATOMIC_ACQUIRE);
	if (lost == reader->lost)
		return false;
	reader->lost = lost;
	return true;
}
