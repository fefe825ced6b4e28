/* SPDX-License-Identifier: MIT */
/*
 * policy.h - an allocation policy: which free frame answers this fault?
 *
 * A policy is a table of functions over its own context and the worker's
 * arena.  All are called by the one worker thread that owns both, never
 * concurrently, in the path of somebody's page fault: no locks, no allocation,
 * no system calls, no waiting.  They are pure decisions: they take frames out
 * of the arena and put them back, the worker does the rest.
 */
#ifndef USM_INSTANCE_POLICIES_ALLOC_POLICY_H
#define USM_INSTANCE_POLICIES_ALLOC_POLICY_H

#include <stdint.h>

#include "instance/arena/arena.h"
#include "usm.h"

/* A private copy of what a slot said about a fault. */
struct usm_fault {
	uint64_t addr; /* page-aligned */
	uint64_t vma_start;
	uint64_t vma_end;
	uint64_t cookie; /* SWAPIN: which page */
	uint32_t member;
	uint32_t tgid;
	uint32_t tid;
	uint16_t flags; /* USM_FAULT_REMOTE */
	uint8_t kind; /* enum usm_fault_kind */
	uint8_t order;
};

struct usm_alloc_policy {
	const char *name; /* as in the configuration */
	const char *summary; /* one line, for people */

	/* Frames in a run of the arena it works on; a power of two, <= 64. */
	uint32_t run_frames;

	/*
	 * Makes the context over `arena`, which outlives it.  -ENOMEM.  The
	 * only call that may allocate.
	 */
	int (*init)(struct usm_arena *arena, void **ctx);

	/* Frees the context; NULL is fine. */
	void (*fini)(void *ctx);

	/*
	 * Takes the frame for this fault out of the arena (or out of what it
	 * took before); USM_FRAME_NONE when it has none left.
	 */
	uint32_t (*pick)(void *ctx, const struct usm_fault *fault);

	/*
	 * A frame that pick() gave out is free again, or was not used after
	 * all.  Goes to the arena or stays with the policy.  Also called for
	 * frames pick() never gave out, when the arena is filled.  Every frame
	 * is owned; one that is free already is ignored.
	 */
	void (*released)(void *ctx, uint32_t frame);

	/* Is it free, in the arena or set aside by the policy? */
	int (*is_free)(const void *ctx, uint32_t frame);

	/* Optional: an address space is gone; its frames come home later. */
	void (*member_gone)(void *ctx, uint32_t member);
};

#endif /* USM_INSTANCE_POLICIES_ALLOC_POLICY_H */
