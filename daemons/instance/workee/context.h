/* SPDX-License-Identifier: MIT */
/*
 * context.h - a point of execution that is left and gone on with later.
 *
 * Switching saves what a function call must preserve (System V x86-64 psABI,
 * 3.2.1) on the stack that is left and takes it from the one that is entered:
 * no system call, no signal mask, some twenty instructions.  The idea is that
 * of swapcontext(), which makes two system calls.
 *
 * AddressSanitizer and ThreadSanitizer are told of every switch.
 */
#ifndef USM_INSTANCE_WORKEE_CONTEXT_H
#define USM_INSTANCE_WORKEE_CONTEXT_H

#include <stddef.h>

struct usm_context {
	void *sp; /* where the saved registers are */
	void *bottom; /* of its stack, for the sanitizers */
	size_t bytes;
	void *fake_stack; /* AddressSanitizer's */
	void *fiber; /* ThreadSanitizer's */
};

/*
 * The calling thread itself, to be switched away from and back to.  It must
 * outlive every context that switches to it.
 */
void usm_context_adopt(struct usm_context *context);

/*
 * A context that begins with main(arg) on the stack [bottom, bottom + bytes),
 * which is borrowed; bytes is a multiple of 16.  main must not return.
 */
void usm_context_make(struct usm_context *context, void *bottom, size_t bytes,
		      void (*main)(void *arg), void *arg);

/* Forgets a context that is not running; a zeroed one is fine. */
void usm_context_fini(struct usm_context *context);

/*
 * Leaves `from`, the running context, and goes on with `to` where it was left.
 * Returns when somebody switches to `from`.  One thread for both.
 */
void usm_context_switch(struct usm_context *from, struct usm_context *to);

#endif /* USM_INSTANCE_WORKEE_CONTEXT_H */
