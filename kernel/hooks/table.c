// SPDX-License-Identifier: GPL-2.0
/*
 * Each hook is a pair: a callback, which runs inside ftrace at the entry of
 * the kernel's function and lets every call pass that does not concern us,
 * and a replacement with the signature of the kernel's function.
 */
#include <linux/binfmts.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "compat/compat.h"
#include "compat/symbols.h"
#include "evict/places.h"
#include "faults/fault.h"
#include "frames/large.h"
#include "hooks/hook.h"
#include "hooks/lruvec.h"
#include "hooks/moves.h"
#include "hooks/oom.h"
#include "hooks/pins.h"
#include "hooks/table.h"
#include "instance/instance.h"
#include "pool/pool.h"
#include "tags/tags.h"

static void notrace redirect(struct ftrace_regs *fregs, void *to)
{
	usm_ftrace_regs(fregs)->ip = (unsigned long)to;
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* ---- every page fault --------------------------------------------------- */

static struct usm_hook fault_hook;

static vm_fault_t on_fault(struct vm_area_struct *vma, unsigned long address,
			   unsigned int flags, struct pt_regs *regs)
{
	vm_fault_t ret;

	usm_hook_enter();
	ret = usm_fault((usm_fault_fn)fault_hook.original, vma, address, flags,
			regs);
	usm_hook_leave();
	return ret;
}

static void notrace fault_callback(unsigned long ip, unsigned long parent_ip,
				   struct ftrace_ops *ops,
				   struct ftrace_regs *fregs)
{
	struct vm_area_struct *vma = (void *)usm_ftrace_regs(fregs)->di;

	if (usm_tag_possible(vma->vm_mm) && !usm_hook_own_call(parent_ip) &&
	    (usm_tag_serves(vma->vm_mm) || usm_places_known(vma->vm_mm)))
		redirect(fregs, on_fault);
}

static struct usm_hook fault_hook = {
	.names = NAMES("handle_mm_fault"),
	.callback = fault_callback,
};

/* ---- the page for it ----------------------------------------------------- */

typedef struct folio *(*alloc_fn)(gfp_t gfp, int order,
				  struct vm_area_struct *vma,
				  unsigned long addr, bool hugepage);

static struct usm_hook alloc_hook;

static struct folio *on_alloc(gfp_t gfp, int order, struct vm_area_struct *vma,
			      unsigned long addr, bool hugepage)
{
	struct folio *folio;

	usm_hook_enter();
	if (usm_serve(gfp, order, vma, addr, &folio) == USM_SERVE_KERNEL)
		folio = ((alloc_fn)alloc_hook.original)(gfp, order, vma, addr,
							hugepage);
	usm_hook_leave();
	return folio;
}

static void notrace alloc_callback(unsigned long ip, unsigned long parent_ip,
				   struct ftrace_ops *ops,
				   struct ftrace_regs *fregs)
{
	struct vm_area_struct *vma = (void *)usm_ftrace_regs(fregs)->dx;

	if (vma && usm_tag_possible(vma->vm_mm) &&
	    !usm_hook_own_call(parent_ip) && usm_tag_serves(vma->vm_mm))
		redirect(fregs, on_alloc);
}

static struct usm_hook alloc_hook = {
	.names = NAMES("vma_alloc_folio_noprof", "vma_alloc_folio"),
	.callback = alloc_callback,
};

/* ---- off the LRU lists, out of the memory cgroups ------------------------- */

/*
 * On no list, a page is out of reach of kswapd, compaction, khugepaged and
 * NUMA balancing.
 */
static void on_add_lru(struct folio *folio, struct vm_area_struct *vma)
{
}

static int on_charge(struct folio *folio, struct mm_struct *mm, gfp_t gfp)
{
	return 0;
}

/* The first argument is a page or a folio: the same address for small ones. */
static void notrace add_lru_callback(unsigned long ip, unsigned long parent_ip,
				     struct ftrace_ops *ops,
				     struct ftrace_regs *fregs)
{
	if (usm_pool_contains((void *)usm_ftrace_regs(fregs)->di))
		redirect(fregs, on_add_lru);
}

static void notrace charge_callback(unsigned long ip, unsigned long parent_ip,
				    struct ftrace_ops *ops,
				    struct ftrace_regs *fregs)
{
	if (usm_pool_contains((void *)usm_ftrace_regs(fregs)->di))
		redirect(fregs, on_charge);
}

static struct usm_hook add_lru_hook = {
	.names = NAMES("folio_add_lru_vma",
		       "lru_cache_add_inactive_or_unevictable"),
	.callback = add_lru_callback,
};

static struct usm_hook charge_hook = {
	.names = NAMES("__mem_cgroup_charge"),
	.callback = charge_callback,
};

/* ---- off the list of large pages to be split --------------------------------- */

static void on_deferred_split(struct folio *folio, bool partially_mapped)
{
	if (partially_mapped)
		usm_large_unmapped_part(folio);
}

static void notrace unmapped_part_callback(unsigned long ip,
					   unsigned long parent_ip,
					   struct ftrace_ops *ops,
					   struct ftrace_regs *fregs)
{
	if (usm_pool_contains((void *)usm_ftrace_regs(fregs)->di))
		redirect(fregs, on_deferred_split);
}

static struct usm_hook unmapped_part_hook = {
	.names = NAMES("deferred_split_folio"),
	.callback = unmapped_part_callback,
	.optional = true,
};

/* ---- made small by others ------------------------------------------------------ */

/*
 * MADV_FREE of a part, UFFDIO_MOVE.  The kernel expects no reference of ours,
 * fails, and some of its callers would try for ever.
 */
static int on_split(struct page *page, struct list_head *list,
		    unsigned int new_order)
{
	int err = -EBUSY;

	usm_hook_enter();
	if (!list && new_order == 0)
		err = usm_large_split_for_kernel(page);
	usm_hook_leave();
	return err;
}

static void notrace split_callback(unsigned long ip, unsigned long parent_ip,
				   struct ftrace_ops *ops,
				   struct ftrace_regs *fregs)
{
	if (usm_pool_contains((void *)usm_ftrace_regs(fregs)->di) &&
	    !usm_hook_own_call(parent_ip))
		redirect(fregs, on_split);
}

static struct usm_hook split_hook = {
	.names = NAMES("split_huge_page_to_list_to_order"),
	.callback = split_callback,
	.optional = true,
};

/* ---- the end of an unmapping, and of an address space ---------------------- */

static struct usm_hook tlb_hook;
static struct usm_hook exit_hook;

static void on_tlb_finish(void *tlb)
{
	struct mm_struct *mm = usm_gather_mm(tlb);

	usm_hook_enter();
	usm_call1(tlb_hook.original, tlb);
	usm_tag_hint(mm);
	usm_hook_leave();
}

static void on_exit_mmap(struct mm_struct *mm)
{
	usm_hook_enter();
	usm_call1(exit_hook.original, mm);
	usm_places_exit(mm);
	usm_tag_exit(mm);
	usm_hook_leave();
}

static void notrace tlb_callback(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops,
				 struct ftrace_regs *fregs)
{
	struct mm_struct *mm =
		usm_gather_mm((void *)usm_ftrace_regs(fregs)->di);

	if (usm_tag_possible(mm) && !usm_hook_own_call(parent_ip) &&
	    usm_tag_known(mm))
		redirect(fregs, on_tlb_finish);
}

static void notrace exit_callback(unsigned long ip, unsigned long parent_ip,
				  struct ftrace_ops *ops,
				  struct ftrace_regs *fregs)
{
	struct mm_struct *mm = (void *)usm_ftrace_regs(fregs)->di;

	if (usm_tag_possible(mm) && !usm_hook_own_call(parent_ip) &&
	    (usm_tag_known(mm) || usm_places_known(mm)))
		redirect(fregs, on_exit_mmap);
}

static struct usm_hook tlb_hook = {
	.names = NAMES("tlb_finish_mmu"),
	.callback = tlb_callback,
};

static struct usm_hook exit_hook = {
	.names = NAMES("exit_mmap"),
	.callback = exit_callback,
};

/* ---- exec -------------------------------------------------------------------- */

typedef int (*exec_fn)(struct linux_binprm *bprm);

static struct usm_hook exec_hook;

static int on_exec(struct linux_binprm *bprm)
{
	struct usm_tag *old;
	int err;

	usm_hook_enter();
	old = usm_tag_find(current->mm);
	if (old)
		atomic_inc(&old->instance->in_exec);
	err = ((exec_fn)exec_hook.original)(bprm);
	if (!err && old)
		usm_inherit_exec(old, bprm);
	if (old)
		atomic_dec(&old->instance->in_exec);
	usm_tag_put(old);
	usm_hook_leave();
	return err;
}

static void notrace exec_callback(unsigned long ip, unsigned long parent_ip,
				  struct ftrace_ops *ops,
				  struct ftrace_regs *fregs)
{
	struct mm_struct *mm = current->mm;

	if (mm && usm_tag_possible(mm) && !usm_hook_own_call(parent_ip) &&
	    usm_tag_serves(mm))
		redirect(fregs, on_exec);
}

static struct usm_hook exec_hook = {
	.names = NAMES("begin_new_exec"),
	.callback = exec_callback,
};

/* ---- all of them ---------------------------------------------------------------- */

/*
 * What protects a frame comes before what hands it out, and goes after it.
 */
static struct usm_hook *const hooks[] = {
	&unmapped_part_hook, &usm_lruvec_hook,	   &split_hook,
	&charge_hook,	     &add_lru_hook,	   &usm_pin_fast_hook,
	&usm_pin_hook,	     &usm_pin_remote_hook, &usm_oom_hook,
	&tlb_hook,	     &usm_copy_hook,	   &usm_move_hook,
	&exit_hook,	     &exec_hook,	   &alloc_hook,
	&fault_hook,
};

static void remove_hooks(int count)
{
	while (count-- > 0)
		usm_hook_remove(hooks[count]);
	usm_hooks_drain();
}

int usm_hooks_install(void)
{
	int i, err;

	for (i = 0; i < (int)ARRAY_SIZE(hooks); i++) {
		err = usm_hook_install(hooks[i]);
		if (err) {
			remove_hooks(i);
			return err;
		}
	}
	return 0;
}

void usm_hooks_uninstall(void)
{
	remove_hooks(ARRAY_SIZE(hooks));
}
