/* SPDX-License-Identifier: MIT */
/*
 * notices.h - reading the kernel's ring of notices.
 */
#ifndef USM_INSTANCE_WORKER_NOTICES_H
#define USM_INSTANCE_WORKER_NOTICES_H

#include <stdbool.h>
#include <stdint.h>

#include "usm.h"

struct usm_notice_reader {
	struct usm_notices *ring;
	uint64_t lost; /* as it was when last looked at */
};

/* Is there something to read?  Two loads. */
static inline bool usm_notices_pending(const struct usm_notice_reader *reader)
{
	return __atomic_load_n(&reader->ring->head, __ATOMIC_RELAXED) !=
	       __atomic_load_n(&reader->ring->tail, __ATOMIC_RELAXED);
}

/*
 * Hands a copy of each notice there is to take(ctx, notice) and makes room for
 * more.  True when some were lost since the last call; what they said is in
 * the kernel's books by then.
 */
bool usm_notices_read(struct usm_notice_reader *reader,
		      void (*take)(void *ctx, const struct usm_notice *notice),
		      void *ctx);

#endif /* USM_INSTANCE_WORKER_NOTICES_H */
