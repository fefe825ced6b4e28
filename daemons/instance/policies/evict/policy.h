/* SPDX-License-Identifier: MIT */
/*
 * policy.h - an eviction policy: which frames are to give up their pages?
 *
 * A policy is a table of functions over its own context.  All are called by
 * the one worker thread, never concurrently, often in the path of somebody's
 * page fault: no locks, no system calls, no allocation outside init.  They are
 * pure decisions: the pager reads accessed bits, evicts, and says what became
 * of it.  Frames are pool frame numbers.
 */
#ifndef USM_INSTANCE_POLICIES_EVICT_POLICY_H
#define USM_INSTANCE_POLICIES_EVICT_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "usm.h"

struct usm_evict_policy {
	const char *name; /* as in the configuration */
	const char *summary; /* one line, for people */

	/*
	 * Makes the context for frames [0, nr_frames), none of which holds a
	 * page yet.  -ENOMEM.  The only call that may allocate.
	 */
	int (*init)(uint32_t nr_frames, void **ctx);

	/* Frees the context; NULL is fine. */
	void (*fini)(void *ctx);

	/* The frame holds a page now, or still; it held one before: fine. */
	void (*placed)(void *ctx, uint32_t frame);

	/* The frame holds no page any more; it did not before: fine. */
	void (*removed)(void *ctx, uint32_t frame);

	/* Optional: its page was used since the pager last looked. */
	void (*accessed)(void *ctx, uint32_t frame);

	/*
	 * Optional: the frames choose() would pass next, at most nr, whose
	 * accessed bits it wants to know.  Returns how many.
	 */
	uint32_t (*upcoming)(const void *ctx, uint32_t *frames, uint32_t nr);

	/*
	 * Passes at most `look` frames and writes up to nr victims, which are
	 * as removed until they are placed again.  any: take what comes, used
	 * or not.  Returns how many.
	 */
	uint32_t (*choose)(void *ctx, uint32_t look, bool any,
			   uint32_t *victims, uint32_t nr);
};

#endif /* USM_INSTANCE_POLICIES_EVICT_POLICY_H */
