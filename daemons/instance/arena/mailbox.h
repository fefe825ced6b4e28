/* SPDX-License-Identifier: MIT */
/*
 * mailbox.h - frames on their way to one worker.
 *
 * A bit per frame: setting a bit twice is harmless, it can never be full, and
 * the worker takes 64 frames with one exchange.  A ring would need room for the
 * whole partition to have the first two properties.
 *
 * Compiler atomics and no ConcurrencyKit here, because ThreadSanitizer follows
 * them.
 */
#ifndef USM_INSTANCE_ARENA_MAILBOX_H
#define USM_INSTANCE_ARENA_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/arena/span.h"

struct usm_mailbox {
	struct usm_span span;
	uint32_t pending; /* 1: something was put since the last drain */
	uint32_t nr; /* frames in it; for a moment more */
	uint64_t *summary; /* bit w: leaf[w] may have bits */
	uint64_t *leaf;
};

/* An empty one for the frames of a span.  ENOMEM. */
int usm_mailbox_init(struct usm_mailbox *box, const struct usm_span *span);

/* Frees what init allocated; a zeroed struct is fine. */
void usm_mailbox_fini(struct usm_mailbox *box);

/* Puts a frame of the span in; any thread. */
void usm_mailbox_put(struct usm_mailbox *box, uint32_t frame);

/* Is there anything to take?  One load; orders nothing. */
bool usm_mailbox_pending(const struct usm_mailbox *box);

/* How many frames are in it, never too few. */
uint32_t usm_mailbox_nr(const struct usm_mailbox *box);

/*
 * Takes every frame out and hands each to take(ctx, frame), lowest first.  One
 * thread at a time.  Returns how many.
 */
uint32_t usm_mailbox_drain(struct usm_mailbox *box,
			   void (*take)(void *ctx, uint32_t frame), void *ctx);

#endif /* USM_INSTANCE_ARENA_MAILBOX_H */
