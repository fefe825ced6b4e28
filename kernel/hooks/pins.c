// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/sched.h>

#include "compat/compat.h"
#include "hooks/pins.h"
#include "pool/pool.h"
#include "tags/tags.h"

/* Changes one argument and lets the call go on: no redirection. */
static __always_inline void strip(unsigned long *flags,
				  const struct mm_struct *mm)
{
	if (*flags & FOLL_LONGTERM && mm && usm_tag_possible(mm) &&
	    usm_pool.backend == &usm_pool_cma && usm_tag_known(mm))
		*flags &= ~(unsigned long)FOLL_LONGTERM;
}

/* (start, nr_pages, gup_flags, …) on the caller's own memory */
static void notrace pin_callback(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops,
				 struct ftrace_regs *fregs)
{
	strip(&usm_ftrace_regs(fregs)->dx, current->mm);
}

/* (mm, start, nr_pages, gup_flags, …) */
static void notrace pin_remote_callback(unsigned long ip,
					unsigned long parent_ip,
					struct ftrace_ops *ops,
					struct ftrace_regs *fregs)
{
	struct pt_regs *regs = usm_ftrace_regs(fregs);

	strip(&regs->cx, (struct mm_struct *)regs->di);
}

#define NAME(name) ((const char *const[]){name, NULL})

struct usm_hook usm_pin_fast_hook = {
	.names = NAME("pin_user_pages_fast"),
	.callback = pin_callback,
	.passes_on = true,
};

struct usm_hook usm_pin_hook = {
	.names = NAME("pin_user_pages"),
	.callback = pin_callback,
	.passes_on = true,
};

struct usm_hook usm_pin_remote_hook = {
	.names = NAME("pin_user_pages_remote"),
	.callback = pin_remote_callback,
	.passes_on = true,
};
