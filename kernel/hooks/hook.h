/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Redirecting kernel functions, with the mechanism of kernel live patching:
 * an ftrace callback at a function's entry replaces the instruction pointer.
 *
 * The callbacks decide cheaply whether a call concerns us, and leave all
 * others alone, so an untagged process never enters a replacement.
 */
#ifndef USM_HOOK_H
#define USM_HOOK_H

#include <linux/ftrace.h>
#include <linux/types.h>

struct usm_hook {
	/* Names the function goes by, newest kernel first, NULL-terminated. */
	const char *const *names;
	/* Decides and redirects; runs inside ftrace: notrace, no sleeping. */
	ftrace_func_t callback;
	/* Kernels without the function do not need the hook. */
	bool optional;
	/* Only looks at the arguments or changes them; never redirects. */
	bool passes_on;
	unsigned long original;
	struct ftrace_ops ops;
	bool registered;
};

/*
 * usm_hook_install() - resolve and arm one hook.
 * Returns -ENOENT when the kernel has no such function, -EBUSY when another
 * owner (a live patch) has redirected it; logs which.  Sleeps.
 */
int usm_hook_install(struct usm_hook *hook);

/* usm_hook_remove() - disarm; new calls go to the kernel's function. Sleeps. */
void usm_hook_remove(struct usm_hook *hook);

/*
 * usm_hooks_drain() - wait until no task is inside a replacement any more.
 * Only after every hook was removed.  Sleeps.
 */
void usm_hooks_drain(void);

/* First and last thing a replacement does; counted for usm_hooks_drain(). */
void usm_hook_enter(void);
void usm_hook_leave(void);

/* Is this call our own, of the original from inside a replacement? */
bool usm_hook_own_call(unsigned long parent_ip);

#endif /* USM_HOOK_H */
