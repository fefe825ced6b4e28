/* SPDX-License-Identifier: MIT */
/*
 * rendezvous.h - something that is done while all workers stand still.
 *
 * It is called for from any thread; each worker comes between two passes, the
 * last one to come does it, and all go on.  Calls that come before it is done
 * are one call; those that come while it is being done make it be done again.
 */
#ifndef USM_INSTANCE_WORKER_RENDEZVOUS_H
#define USM_INSTANCE_WORKER_RENDEZVOUS_H

#include <stdbool.h>

struct usm_rendezvous;

/*
 * For nr workers, who do act(ctx) together.  *out belongs to the caller.
 * ENOMEM.
 */
int usm_rendezvous_create(unsigned int nr, void (*act)(void *ctx), void *ctx,
			  struct usm_rendezvous **out);

/* Frees it, when no worker is left to come; NULL is fine. */
void usm_rendezvous_destroy(struct usm_rendezvous *rendezvous);

/* Calls for it.  The caller sees to it that workers which sleep wake up. */
void usm_rendezvous_call(struct usm_rendezvous *rendezvous);

/* Has it been called for?  For workers, between passes: two loads. */
bool usm_rendezvous_called(const struct usm_rendezvous *rendezvous);

/* A worker comes: returns once it is done, or was done already. */
void usm_rendezvous_come(struct usm_rendezvous *rendezvous);

/* A worker ends and will not come any more; the others do not wait for it. */
void usm_rendezvous_leave(struct usm_rendezvous *rendezvous);

#endif /* USM_INSTANCE_WORKER_RENDEZVOUS_H */
