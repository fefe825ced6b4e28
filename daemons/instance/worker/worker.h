/* SPDX-License-Identifier: MIT */
/*
 * worker.h - a pinned thread that runs a LocalManager until it is stopped.
 *
 * While there is work it serves; then it polls for a moment (poll_window.h);
 * then it sleeps on its doorbell until it is rung.  Idle, it costs nothing.
 */
#ifndef USM_INSTANCE_WORKER_WORKER_H
#define USM_INSTANCE_WORKER_WORKER_H

#include <stdint.h>

#include "instance/thresholds/watch.h"
#include "instance/worker/inbox.h"
#include "instance/worker/local_manager.h"
#include "instance/worker/rendezvous.h"
#include "usm.h"

struct usm_worker_options {
	const struct usm_kernel *kernel;
	uint32_t index; /* which doorbell */
	int cpu; /* to run on, -1: not pinned */
	unsigned int nr_cpus; /* it could run on */
	uint32_t wake_cost_ns; /* bounds how long it polls for work */
	struct usm_doorbell *bell;
	struct usm_local_manager *manager; /* the thread's own while it runs */
	struct usm_stock *stock;
	struct usm_pager *pager; /* or NULL */
	struct usm_relay *relay; /* to the one that has it; or NULL */
	struct usm_ahead *ahead; /* or NULL */
	struct usm_threshold_watch *watch; /* or NULL */
	struct usm_inbox *inbox;
	struct usm_rendezvous *rendezvous; /* NULL: sizes stay */
};

struct usm_worker_thread;

/*
 * Starts the thread and returns once it is registered with the kernel and has
 * looked at every slot, so that faults are served from here on.  What options
 * point to must outlive it.  *out belongs to the caller.  Errors of creating
 * the thread or of registering it.
 */
int usm_worker_start(const struct usm_worker_options *options,
		     struct usm_worker_thread **out);

/* Stops it, joins it, frees it; NULL is fine. */
void usm_worker_stop(struct usm_worker_thread *worker);

/* The bits of a leaf word that worker `index` of `nr` (a power of two) serves. */
uint64_t usm_worker_mask(uint32_t index, uint32_t nr);

#endif /* USM_INSTANCE_WORKER_WORKER_H */
