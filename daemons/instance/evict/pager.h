/* SPDX-License-Identifier: MIT */
/*
 * pager.h - takes pages out of frames and brings them back.
 *
 * Puts together an eviction policy (which), a swap device (where to) and the
 * kernel's commands.  It belongs to one worker and is called by its thread
 * only, others speak to it through a relay; nothing in it waits but for the
 * swap device.
 */
#ifndef USM_INSTANCE_EVICT_PAGER_H
#define USM_INSTANCE_EVICT_PAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/ahead/ahead.h"
#include "instance/evict/relay.h"
#include "instance/evict/watermarks.h"
#include "instance/kernel.h"
#include "instance/policies/evict/checked.h"
#include "instance/policies/swap/device.h"
#include "instance/prefetch/prefetcher.h"
#include "instance/worker/stock.h"
#include "usm.h"
#include "usm_policy.h"

struct usm_pager_options {
	const struct usm_kernel *kernel;
	struct usm_stock *stock; /* gets the frames that are won */
	const struct usm_evict_policy *policy;
	const struct usm_swap_device *device;
	struct usm_notices *notices;
	struct usm_ahead *ahead; /* is told of those it asked for, or NULL */
	char *pool; /* frame 0 of the pool; own frames can be touched */
	uint32_t pool_frames;
	uint32_t reserve; /* frames that only evicted pages may have; 0: none */
	struct usm_watermarks marks;
};

struct usm_pager;

/*
 * What options point to must outlive it; the stock tells it from here on what
 * comes home.  *out belongs to the caller.  ENOMEM.
 */
int usm_pager_create(const struct usm_pager_options *options,
		     struct usm_pager **out);

/*
 * There are other workers, who speak to it through a relay (borrowed).  It
 * learns from there alone what happens to frames: the stocks must have the
 * relay told.  Before anything else.
 */
void usm_pager_listen(struct usm_pager *pager, struct usm_relay *relay);

/* Frees it; NULL is fine. */
void usm_pager_destroy(struct usm_pager *pager);

/*
 * A page that is out already, as the kernel lists it: its slot is in use, and
 * what its frame still holds is stored, now or, when the device is full, once
 * it has room.  ERANGE: the device has no such slot; EEXIST: two pages in one
 * slot; ENOSPC: more of them than a full device ever left; errors of storing.
 */
int usm_pager_adopt(struct usm_pager *pager,
		    const struct usm_evicted_info *info);

/* That was all of them: nothing else in the device is needed. */
void usm_pager_adopted(struct usm_pager *pager);

/* What the pager calls where its worker could do something else meanwhile. */
struct usm_pager_waits {
	void *ctx;
	/* As the device's load(); others may run before it returns. */
	int (*load)(void *ctx, uint32_t slot, void *page);
	/* Between two steps of something long: lets others run if it is due. */
	void (*checkpoint)(void *ctx);
	/* Somebody looks when the device announces a completion. */
	bool announced;
	/* As of struct usm_prefetcher_io; NULL: nothing is read ahead. */
	int (*begin)(void *ctx, uint32_t slot, void *page, uint32_t token);
	bool (*join)(void *ctx);
};

/* Copied.  Without it the pager waits itself. */
void usm_pager_wait_by(struct usm_pager *pager,
		       const struct usm_pager_waits *waits);

/* Frames of its pool. */
uint32_t usm_pager_nr_frames(const struct usm_pager *pager);

/* The device it stores on. */
const struct usm_swap_device *usm_pager_device(const struct usm_pager *pager);

/* Its pages that are read before they are needed. */
struct usm_prefetcher *usm_pager_prefetcher(const struct usm_pager *pager);

/*
 * Fills a FREE frame with the page a cookie stands for.  EFAULT: the frame is
 * not ours any more; ENOMEM: not now; other errors are the device's: the page
 * is lost.
 */
int usm_pager_fill(struct usm_pager *pager, uint64_t cookie, uint32_t frame);

/*
 * For a fault that finds no frame: evicts until some are won.  Returns how
 * many; 0 when nothing can be had now.
 */
uint32_t usm_pager_reclaim(struct usm_pager *pager);

/*
 * How many free frames fresh pages have to leave to those that come back
 * (reserve.h).
 */
uint32_t usm_pager_keep(const struct usm_pager *pager);

/* Will waiting help?  Not when the swap device is full. */
bool usm_pager_hopeful(const struct usm_pager *pager);

/*
 * Between faults: reads notices and, below the watermark, evicts one batch.
 * Returns true when it is to be called again soon.
 */
bool usm_pager_work(struct usm_pager *pager);

/* Reads notices; for a worker that is about to sleep. */
void usm_pager_read_news(struct usm_pager *pager);

/* The partition has another size; nothing is to leave so far. */
void usm_pager_resized(struct usm_pager *pager,
		       const struct usm_watermarks *marks, uint32_t reserve);

/* The frame is to leave the partition: its page goes before all others. */
void usm_pager_vacate(struct usm_pager *pager, uint32_t frame);

/* Are there such pages, which go on leaving when there is room for them? */
bool usm_pager_vacating(const struct usm_pager *pager);

/* Slots of the device in use. */
uint32_t usm_pager_out(const struct usm_pager *pager);

#endif /* USM_INSTANCE_EVICT_PAGER_H */
