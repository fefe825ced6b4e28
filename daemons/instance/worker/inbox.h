/* SPDX-License-Identifier: MIT */
/*
 * inbox.h - what the control thread tells a worker: address spaces that begin
 * and end.
 *
 * A ConcurrencyKit ring with one producer and one consumer.  Messages are for
 * policies, so a full ring refuses them instead of making anybody wait, and a
 * sleeping worker is not woken for them before that.
 */
#ifndef USM_INSTANCE_WORKER_INBOX_H
#define USM_INSTANCE_WORKER_INBOX_H

#include <stdbool.h>
#include <stdint.h>

struct usm_inbox;

/* A pid is below 2^22 (the kernel's PID_MAX_LIMIT). */
#define USM_INBOX_TGID_BITS 24

struct usm_inbox_message {
	uint32_t member;
	/* Of the process that became it; 0: it is gone. */
	uint32_t tgid : USM_INBOX_TGID_BITS;
	uint32_t group: 8; /* of processes, evict/groups.h */
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
