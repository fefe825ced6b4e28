/* SPDX-License-Identifier: MIT */
/*
 * clean.h - which frames of a worker's stock hold nothing but zeroes.
 *
 * A frame is marked after it was zeroed in stock, and the mark counts only
 * while it stays there: whoever brings a frame into stock forgets the mark
 * first, wherever it comes from.  So nobody can have written to a marked frame
 * in stock but the kernel, which takes FREE frames to move pages into; those
 * come back through /proc/usmPgs, and so lose the mark as well.
 * The worker's own.
 */
#ifndef USM_INSTANCE_AHEAD_CLEAN_H
#define USM_INSTANCE_AHEAD_CLEAN_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/policies/alloc/checked.h"

struct usm_clean {
	uint64_t *word; /* NULL: nothing was ever zeroed */
	uint32_t nr_frames; /* of the pool */
	uint32_t nr; /* marked; some may have left the stock since */
	uint32_t at; /* word of the arena to go on with */
	bool exhausted; /* nothing to zero since the last frame came */
};

/* For frames [0, nr_frames).  ENOMEM. */
int usm_clean_init(struct usm_clean *clean, uint32_t nr_frames);

/* Frees what init allocated; a zeroed struct is fine. */
void usm_clean_fini(struct usm_clean *clean);

/* It comes into stock, with whatever is in it. */
void usm_clean_forget(struct usm_clean *clean, uint32_t frame);

/* The same of all of them. */
void usm_clean_forget_all(struct usm_clean *clean);

/* It was zeroed and is in stock. */
void usm_clean_mark(struct usm_clean *clean, uint32_t frame);

/*
 * Frames in stock that are not marked, up to nr; those with high numbers first,
 * since policies take the low ones.  Returns how many; 0: there is none.
 */
uint32_t usm_clean_find_dirty(struct usm_clean *clean,
			      struct usm_checked_alloc *frames, uint32_t *out,
			      uint32_t nr);

/*
 * Takes up to nr marked frames out of stock; the mark goes.  Returns how many.
 */
uint32_t usm_clean_take(struct usm_clean *clean,
			struct usm_checked_alloc *frames, uint32_t *out,
			uint32_t nr);

#endif /* USM_INSTANCE_AHEAD_CLEAN_H */
