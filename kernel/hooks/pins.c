// SPDX-License-Identifier: GPL-2.0
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "compat/compat.h"
#include "hooks/pins.h"
#include "pool/pool.h"
#include "tags/tags.h"

/*
 * Shared mappings and file system DAX keep the flag: there the kernel refuses
 * long-term pins for reasons of its own.  Never waits: without the lock the
 * flag stays, and the pin takes its chance with the kernel.
 */
static bool private_range(struct mm_struct *mm, unsigned long start, u32 pages)
{
	unsigned long end = start + ((unsigned long)pages << PAGE_SHIFT);
	struct vm_area_struct *vma;
	bool ordinary = true;

	if (!mmap_read_trylock(mm))
		return false;
	for (vma = find_vma(mm, start); vma && vma->vm_start < end && ordinary;
	     vma = find_vma(mm, vma->vm_end))
		ordinary = !(vma->vm_flags & VM_SHARED) && !vma_is_fsdax(vma);
	mmap_read_unlock(mm);
	return ordinary;
}

/*
 * Changes one argument and lets the call go on: no redirection.
 * pages: pin_user_pages_fast() takes an int, and the upper half of an int's
 * register is anything at all.
 */
static void strip(unsigned long *flags, struct mm_struct *mm,
		  unsigned long start, u32 pages)
{
	if (*flags & FOLL_LONGTERM && mm && usm_tag_possible(mm) &&
	    usm_pool.backend == &usm_pool_cma && usm_tag_known(mm) &&
	    private_range(mm, start, pages))
		*flags &= ~(unsigned long)FOLL_LONGTERM;
}

/* (start, nr_pages, gup_flags, …) on the caller's own memory */
static void notrace pin_callback(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops,
				 struct ftrace_regs *fregs)
{
	struct pt_regs *regs = usm_ftrace_regs(fregs);

	strip(&regs->dx, current->mm, regs->di, regs->si);
}

/* (mm, start, nr_pages, gup_flags, …) */
static void notrace pin_remote_callback(unsigned long ip,
					unsigned long parent_ip,
					struct ftrace_ops *ops,
					struct ftrace_regs *fregs)
{
	struct pt_regs *regs = usm_ftrace_regs(fregs);

	strip(&regs->cx, (struct mm_struct *)regs->di, regs->si, regs->dx);
}

#define NAME(name) ((const char *const[]){ name, NULL })

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
