/* SPDX-License-Identifier: MIT */
/*
 * accessed.h - which pages were used, from the processor's own bits.
 *
 * Remembers where each frame's page is, and reads and clears the accessed bits
 * of many frames with few calls.  One thread.
 */
#ifndef USM_INSTANCE_EVICT_ACCESSED_H
#define USM_INSTANCE_EVICT_ACCESSED_H

#include <stdint.h>

#include "instance/evict/ranges.h"
#include "instance/kernel.h"

/* Frames one look may ask about. */
#define USM_ACCESSED_LOOK 256U

struct usm_accessed {
	uint32_t nr_frames;
	struct usm_place *place; /* [nr_frames]; member 0: none */
	uint64_t *words; /* [USM_PAGES_MAX] */
};

/* For frames [0, nr_frames).  ENOMEM. */
int usm_accessed_init(struct usm_accessed *accessed, uint32_t nr_frames);

/* Frees it; a zeroed struct is fine. */
void usm_accessed_fini(struct usm_accessed *accessed);

/* The frame holds the page at addr of a member.  frame < nr_frames. */
void usm_accessed_place(struct usm_accessed *accessed, uint32_t frame,
			uint32_t member, uint64_t addr);

/*
 * Reads and clears the accessed bits around nr (at most USM_ACCESSED_LOOK)
 * frames, and tells tell(ctx, frame) every frame that was used, asked for or
 * not.  Pages that cannot be looked at now count as not used.
 */
void usm_accessed_look(struct usm_accessed *accessed,
		       const struct usm_kernel *kernel, const uint32_t *frames,
		       uint32_t nr, void (*tell)(void *ctx, uint32_t frame),
		       void *ctx);

#endif /* USM_INSTANCE_EVICT_ACCESSED_H */
