/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses of kernel functions that are not exported to modules. */
#ifndef USM_SYMBOLS_H
#define USM_SYMBOLS_H

#include <linux/types.h>

struct task_struct;

/*
 * usm_symbol() - entry address of the first name that this kernel has.
 * @names: NULL-terminated, newest kernel's name first
 *
 * Asks through a short-lived kprobe, the only exported way to ask. Sleeps.
 * Returns 0 when no name is known.
 */
unsigned long usm_symbol(const char *const *names);

/*
 * usm_symbols_init() - resolve what the wrappers below need.
 * Returns 0 or -ENOENT, having logged the missing name.
 */
int usm_symbols_init(void);

/* As the kernel's own functions of these names; valid after init. */
bool usm_ptrace_may_access(struct task_struct *task, unsigned int mode);
struct task_struct *usm_pidfd_get_task(int pidfd, unsigned int *flags);

/* See call.S: for functions without a landing pad, at most two arguments. */
unsigned long usm_call(unsigned long function, unsigned long a,
		       unsigned long b);

#endif /* USM_SYMBOLS_H */
