/* SPDX-License-Identifier: MIT */
/*
 * inbox.h - what the control thread tells a worker: address spaces that begin
 * and end.
 *
 * A ConcurrencyKit ring with one producer and one consumer.  Messages are
 * hints for policies, so a full ring drops them instead of making anybody
 * wait, and a sleeping worker is not woken for them.
 */
#ifndef USM_INSTANCE_WORKER_INBOX_H
#define USM_INSTANCE_WORKER_INBOX_H

#include <stdbool.h>
#include <stdint.h>

struct usm_inbox;

struct usm_inbox_message {
	uint32_t member;
	uint32_t tgid; /* of the process that became it; 0: it is gone */
};

/* *out belongs to the caller.  ENOMEM. */
int usm_inbox_create(struct usm_inbox **out);

/* Frees it; NULL is fine. */
void usm_inbox_destroy(struct usm_inbox *inbox);

/* False when the ring is full.  One thread. */
bool usm_inbox_post(struct usm_inbox *inbox, struct usm_inbox_message message);

/* Takes the next message; false when there is none.  One other thread. */
bool usm_inbox_take(struct usm_inbox *inbox, struct usm_inbox_message *message);

#endif /* USM_INSTANCE_WORKER_INBOX_H */
