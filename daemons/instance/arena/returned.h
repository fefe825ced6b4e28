/* SPDX-License-Identifier: MIT */
/*
 * returned.h - frames on their way from /proc/usmPgs back to the workers.
 *
 * The control thread reads the file when the kernel announces freed frames, so
 * that they are free in the kernel's books even while the workers sleep; a
 * worker reads it itself when it has nothing left to answer with.  A frame goes
 * into the mailbox of the worker that owns it (shared.h), because its policy
 * may keep a place for it, and because that worker alone changes its books;
 * frames that nobody owns go into the shared arena.
 */
#ifndef USM_INSTANCE_ARENA_RETURNED_H
#define USM_INSTANCE_ARENA_RETURNED_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/arena/shared.h"
#include "instance/kernel.h"
#include "usm.h"

struct usm_returned;

/*
 * For the frames of `extents` (copied), all of which are worker 0's; base_pfn
 * turns page frame numbers into pool frames; kernel is borrowed.  *out belongs
 * to the caller.  EINVAL, ENOMEM.
 */
int usm_returned_create(const struct usm_extent *extents,
			unsigned int nr_extents, uint64_t base_pfn,
			const struct usm_kernel *kernel,
			struct usm_returned **out);

/*
 * From now on there are nr_workers of them, and shared (borrowed) knows whose
 * each frame is.  Before anything was collected.  ENOMEM: nothing changed.
 */
int usm_returned_share(struct usm_returned *returned,
		       struct usm_shared_arena *shared,
		       unsigned int nr_workers);

/* Frees it; NULL is fine. */
void usm_returned_destroy(struct usm_returned *returned);

/* Holds off collecting, so that no frame is between kernel and mailbox. */
void usm_returned_lock(struct usm_returned *returned);
void usm_returned_unlock(struct usm_returned *returned);

/*
 * Reads everything /proc/usmPgs has now; never waits for more.  Any thread.
 * collected (may be NULL): how many frames.  ENODEV: the claim is gone; other
 * errors of reading.  Frames outside the extents are dropped and counted.
 */
int usm_returned_collect(struct usm_returned *returned, uint32_t *collected);

/* The same for a caller that holds the lock. */
int usm_returned_collect_locked(struct usm_returned *returned,
				uint32_t *collected);

/* Puts one frame in; any thread.  EPERM: outside the extents. */
int usm_returned_put(struct usm_returned *returned, uint32_t frame);

/*
 * The partition has other extents: forgets what is in it and takes these.
 * With the lock held, while all workers stand still.  EINVAL, ENOMEM: nothing
 * changed.
 */
int usm_returned_resize(struct usm_returned *returned,
			const struct usm_extent *extents,
			unsigned int nr_extents);

/* Is there anything for this worker?  Asked on every pass: one load. */
bool usm_returned_pending(const struct usm_returned *returned,
			  unsigned int worker);

/* How many frames are on their way to this worker. */
uint32_t usm_returned_nr(const struct usm_returned *returned,
			 unsigned int worker);

/*
 * Takes out every frame that is for this worker, which is the caller, and
 * hands each to take(ctx, frame), lowest first.  Returns how many.
 */
uint32_t usm_returned_drain(struct usm_returned *returned, unsigned int worker,
			    void (*take)(void *ctx, uint32_t frame), void *ctx);

/* Frames the kernel reported that are not of this partition: 0 for ever. */
uint64_t usm_returned_foreign(const struct usm_returned *returned);

#endif /* USM_INSTANCE_ARENA_RETURNED_H */
