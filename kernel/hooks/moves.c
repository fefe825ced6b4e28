// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>

#include "compat/compat.h"
#include "compat/symbols.h"
#include "evict/places.h"
#include "hooks/moves.h"
#include "tags/tags.h"

#define NAME(name) ((const char *const[]){ name, NULL })

/* ---- fork ----------------------------------------------------------------------- */

static int on_copy(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	int err;

	usm_hook_enter();
	err = (int)usm_call2(usm_copy_hook.original, dst, src);
	/* A failed fork tears the child down, and what it holds by then. */
	if (!err)
		err = usm_places_fork(dst, src);
	usm_hook_leave();
	return err;
}

static bool notrace misses_pages(const struct vm_area_struct *vma)
{
	return usm_tag_possible(vma->vm_mm) && usm_places_known(vma->vm_mm);
}

static void notrace copy_callback(unsigned long ip, unsigned long parent_ip,
				  struct ftrace_ops *ops,
				  struct ftrace_regs *fregs)
{
	struct vm_area_struct *src = (void *)usm_ftrace_regs(fregs)->si;

	if (misses_pages(src) && !usm_hook_own_call(parent_ip))
		usm_ftrace_regs(fregs)->ip = (unsigned long)on_copy;
}

struct usm_hook usm_copy_hook = {
	.names = NAME("copy_page_range"),
	.callback = copy_callback,
};

/* ---- mremap --------------------------------------------------------------------- */

/*
 * The last two are bool; older kernels have no for_stack, read nothing there,
 * and do not mind what stands there.
 */
static unsigned long on_move(struct vm_area_struct *vma, unsigned long old_addr,
			     struct vm_area_struct *new_vma,
			     unsigned long new_addr, unsigned long len,
			     unsigned long need_rmap_locks,
			     unsigned long for_stack)
{
	unsigned long moved;

	usm_hook_enter();
	moved = usm_call7(usm_move_hook.original, (unsigned long)vma, old_addr,
			  (unsigned long)new_vma, new_addr, len,
			  need_rmap_locks, for_stack);
	usm_places_move(vma->vm_mm, old_addr, new_addr, moved);
	usm_hook_leave();
	return moved;
}

static void notrace move_callback(unsigned long ip, unsigned long parent_ip,
				  struct ftrace_ops *ops,
				  struct ftrace_regs *fregs)
{
	struct vm_area_struct *vma = (void *)usm_ftrace_regs(fregs)->di;

	if (misses_pages(vma) && !usm_hook_own_call(parent_ip))
		usm_ftrace_regs(fregs)->ip = (unsigned long)on_move;
}

struct usm_hook usm_move_hook = {
	.names = NAME("move_page_tables"),
	.callback = move_callback,
};
