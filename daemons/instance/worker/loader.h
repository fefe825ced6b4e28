/* SPDX-License-Identifier: MIT */
/*
 * loader.h - reads pages from a swap device while the worker goes on.
 *
 * A workee that loads waits until its page is there; the device says so from
 * another thread, the worker then reaps and wakes.  Outside of workees, and
 * with devices that only read at once, a load is over when it returns.
 */
#ifndef USM_INSTANCE_WORKER_LOADER_H
#define USM_INSTANCE_WORKER_LOADER_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/policies/swap/device.h"
#include "instance/workee/workee.h"

struct usm_loader;

/*
 * For nr_slots workees; device and workees are borrowed.  The device calls it
 * until it is closed, so that comes before usm_loader_destroy().  *out belongs
 * to the caller.  ENOMEM.
 */
int usm_loader_create(const struct usm_swap_device *device,
		      struct usm_workees *workees, uint32_t nr_slots,
		      struct usm_loader **out);

/* Frees it; pages under way are forgotten.  NULL is fine. */
void usm_loader_destroy(struct usm_loader *loader);

/*
 * ring(ctx) is called on another thread when a page is there.  Before the
 * first load.
 */
void usm_loader_ring(struct usm_loader *loader, void (*ring)(void *ctx),
		     void *ctx);

/*
 * Reads a slot of the device into page; the device's errors.  ctx is the
 * loader; the worker's thread.
 */
int usm_loader_load(void *ctx, uint32_t slot, void *page);

/*
 * The same for nobody: returns at once, and done(ctx, token, result) of
 * usm_loader_tell() is called when the page is there, maybe before that.
 * -EAGAIN: not now; what workees load goes first.  -EOPNOTSUPP: the device
 * only reads at once.  The device's errors.
 */
int usm_loader_begin(void *ctx, uint32_t slot, void *page, uint32_t token);
void usm_loader_tell(struct usm_loader *loader,
		     void (*done)(void *ctx, uint32_t token, int result),
		     void *ctx);

/*
 * The running workee waits until some load that is for nobody is over; false:
 * there is no workee to wait in.
 */
bool usm_loader_join(void *ctx);

/* Lets other workees go first if the running one has had its time. */
void usm_loader_checkpoint(void *ctx);

/* Are completions announced, of whatever the device does aside? */
bool usm_loader_announced(const struct usm_loader *loader);

/* Wakes those whose pages are there; returns how many. */
uint32_t usm_loader_reap(struct usm_loader *loader);

/* May there be any?  One load. */
bool usm_loader_arrived(const struct usm_loader *loader);

#endif /* USM_INSTANCE_WORKER_LOADER_H */
