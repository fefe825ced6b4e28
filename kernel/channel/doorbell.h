/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Waking the worker that serves a slot: it looks itself while it runs, else
 * the waker wakes it, else the kernel does.
 */
#ifndef USM_DOORBELL_H
#define USM_DOORBELL_H

#include <linux/types.h>

#include "usm.h"

struct usm_channel_mem;
struct usm_instance;

/* USM_IOC_WORKER: the calling thread serves doorbell @worker. */
int usm_worker_register(struct usm_instance *instance, u32 worker);
/* Forget all workers: the daemon is gone. The caller holds instance->lock. */
void usm_workers_forget(struct usm_instance *instance);

/*
 * Is spinning for an answer worth it: does the slot's worker run on another
 * CPU right now?  A hint.
 */
bool usm_worker_running(struct usm_instance *instance, u32 slot);

/* A request was posted: see that the slot's worker gets to know. */
void usm_doorbell_ring(struct usm_instance *instance,
		       struct usm_channel_mem *channel, u32 slot);
/* Something is in the notices for the policy of @member (0: of nobody). */
void usm_doorbell_ring_member(struct usm_instance *instance, u32 member);
/* The kernel wakes the worker itself, whatever the doorbell says. */
void usm_doorbell_wake(struct usm_instance *instance, u32 slot);

/* For people: what worker @index is doing; false when there is none. */
struct usm_worker_view {
	int tid;
	char comm[16];
	char task_state;
	bool on_cpu;
	unsigned int cpu;
	/* As its doorbell says, which is the daemon's word. */
	u32 bell_state;
	u32 seq;
	u64 wakes[USM_WAKE_SOURCES];
};

bool usm_worker_look(struct usm_instance *instance, u32 index,
		     struct usm_worker_view *view);

/* ---- waker.c --------------------------------------------------------------- */

struct file;
struct usm_waker_wait;

int usm_waker_register(struct file *file);
/* @file is closed; nothing happens when it is not the waker's. */
void usm_waker_unregister(struct file *file);
/* Its process may have ended although its descriptor lives on: then unregister. */
void usm_waker_check(void);
int usm_waker_wait(struct file *file, struct usm_waker_wait *wait);
/* True: a waker that answers was told, it will wake the worker. */
bool usm_waker_notify(struct usm_instance *instance);
/*
 * Half the deadline went by and nothing happened.  If the waker has not even
 * fetched the notification, it is stopped or dead: do not rely on it until it
 * shows life again.
 */
void usm_waker_overdue(struct usm_instance *instance);
/* Registered, and not overdue. */
bool usm_waker_fresh(void);

#endif /* USM_DOORBELL_H */
