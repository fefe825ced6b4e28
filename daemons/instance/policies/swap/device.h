/* SPDX-License-Identifier: MIT */
/*
 * device.h - a swap device: where evicted pages are kept, slot by slot.
 *
 * Slot 0 is the device's own; pages go to [1, nr_slots).  Which slots are in
 * use is not the device's business (swap/map.h).  Content must outlive a
 * killed daemon: the next one finds the slots by the kernel's cookies.
 */
#ifndef USM_INSTANCE_POLICIES_SWAP_DEVICE_H
#define USM_INSTANCE_POLICIES_SWAP_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/* A load that is over: what it was called, and 0 or -errno as of load(). */
struct usm_swap_done {
	uint64_t token;
	int result;
};

/* What a device holds. */
struct usm_swap_stats {
	const char *device; /* its name; a constant */
	const char *loads; /* how they go on beside their caller; NULL: not */
	uint64_t pages;
	uint64_t same; /* of them, those full of one word, which take none */
	uint64_t raw; /* of them, those that packing does not make smaller */
	uint64_t bytes; /* what the pages came to */
	uint64_t memory; /* bytes of memory taken for all that, 0: none */
	/* Pages of a file, since this daemon opened it. */
	uint64_t written;
	uint64_t read;
	uint64_t cached; /* of them, those that needed no waiting */
};

/* Stores under way at once. */
#define USM_SWAP_STORES_MAX 64U

/* Pages of one of them. */
#define USM_SWAP_STORE_PAGES 32U

struct usm_swap_device {
	void *ctx;
	uint32_t nr_slots;
	bool refuses; /* may be full before all slots are used */

	/*
	 * Stores nr pages in slots [slot, slot + nr); on return they outlive
	 * this process.  pages may be used up.  -ENOSPC, -EIO, …: any of them
	 * may hold anything then.
	 */
	int (*store)(void *ctx, uint32_t slot, struct iovec *pages,
		     uint32_t nr);

	/*
	 * Reads a slot.  -EFAULT: `page` cannot be written; -ENOMEM: not now;
	 * any other error: what it held is lost.
	 */
	int (*load)(void *ctx, uint32_t slot, void *page);

	/*
	 * Lets go of everything; the content stays.  Loads and stores that are
	 * under way are waited for: none touches its pages afterwards.
	 */
	void (*close)(void *ctx);

	/*
	 * Loads that go on while their caller does something else.  All three
	 * or none: where load() is only arithmetic there is nothing to wait
	 * for.  load_begin() and load_reap() belong to one thread; until the
	 * completion is reaped the page may be written to, and the slot must
	 * not be stored to.
	 *
	 * load_begin: starts reading a slot into page and returns at once.
	 * Exactly one completion with `token` follows a 0, none an error:
	 * -EAGAIN when no more can be under way (a completion makes room), or
	 * as load().
	 */
	int (*load_begin)(void *ctx, uint32_t slot, void *page, uint64_t token);

	/*
	 * Takes up to nr completions that are there, without waiting, and
	 * returns how many.  Look after every load_begin(): a page that was at
	 * hand is complete by then, and that is not announced.
	 */
	uint32_t (*load_reap)(void *ctx, struct usm_swap_done *done,
			      uint32_t nr);

	/*
	 * Has wake(wake_ctx) called, by a thread of the device, whenever there
	 * may be completions that load_reap() did not return.  Once, before
	 * the first load_begin(); wake must not wait, and is not called after
	 * close().  -errno: there is no such thread, and the loads are not to
	 * be used.
	 */
	int (*load_notify)(void *ctx, void (*wake)(void *ctx), void *wake_ctx);

	/*
	 * The page in a slot is not needed any more.  NULL where that wins
	 * nothing.  Any slot, in use or not; the worker's thread.
	 */
	void (*drop)(void *ctx, uint32_t slot);

	/*
	 * Stores that go on while their caller does something else; both or
	 * none, and only with load_begin(), whose announcement is theirs, too.
	 * The same thread.
	 *
	 * store_begin: starts storing nr (at most USM_SWAP_STORE_PAGES) pages
	 * and returns at once.  Exactly one completion with `token` follows a
	 * 0, none an error: -EAGAIN when no more can be under way, others as
	 * store(), which is to be tried then.  A completion with an error is
	 * to be tried again that way as well.  Until the completion is reaped
	 * the pages may be read, in any state they are in, and the slots hold
	 * anything.  `pages` itself is not needed after the call.
	 */
	int (*store_begin)(void *ctx, uint32_t slot, const struct iovec *pages,
			   uint32_t nr, uint64_t token);

	/* Takes up to nr completions that are there, without waiting. */
	uint32_t (*store_reap)(void *ctx, struct usm_swap_done *done,
			       uint32_t nr);

	/*
	 * Nothing it holds is needed by anybody: close(), which comes next,
	 * gives back the room that pages would have taken.  Optional.
	 */
	void (*empty)(void *ctx);

	/* Fills in what it holds; any field it cannot tell is 0.  Optional. */
	void (*stats)(void *ctx, struct usm_swap_stats *out);
};

/* Closes it and forgets it; a zeroed struct is fine. */
static inline void usm_swap_device_close(struct usm_swap_device *device)
{
	if (device->close)
		device->close(device->ctx);
	*device = (struct usm_swap_device){ 0 };
}

#endif /* USM_INSTANCE_POLICIES_SWAP_DEVICE_H */
