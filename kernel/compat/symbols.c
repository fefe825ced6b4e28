// SPDX-License-Identifier: GPL-2.0
#include <linux/kprobes.h>
#include <linux/printk.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "compat/symbols.h"

#define ENDBR64 0xfa1e0ff3u
/* What the kernel writes over a landing pad that it found unused. */
#define ENDBR64_ERASED 0x001f0f66u
#define ENDBR_SIZE 4

static struct {
	unsigned long ptrace_may_access;
	unsigned long pidfd_get_task;
	unsigned long add_new_anon_rmap;
	unsigned long flush_tlb_mm_range;
	unsigned long prep_compound_page;
	unsigned long split_large;
	unsigned long mthp_stats; /* per-CPU, 0 for none */
} symbols;

/* A kprobe lands behind the landing pad; callers want the entry itself. */
static unsigned long before_landing_pad(unsigned long address)
{
	u32 word;

	if (copy_from_kernel_nofault(&word, (void *)(address - ENDBR_SIZE),
				     sizeof(word)))
		return address;
	if (word == ENDBR64 || word == ENDBR64_ERASED)
		return address - ENDBR_SIZE;
	return address;
}

unsigned long usm_symbol(const char *const *names)
{
	for (; *names; names++) {
		struct kprobe probe = { .symbol_name = *names };
		unsigned long address;

		if (register_kprobe(&probe))
			continue;
		address = (unsigned long)probe.addr;
		unregister_kprobe(&probe);
		return before_landing_pad(address);
	}
	return 0;
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

int usm_symbol_resolve(const char *const *names, unsigned long *address)
{
	*address = usm_symbol(names);
	if (*address)
		return 0;
	pr_err("this kernel has no function %s\n", names[0]);
	return -ENOENT;
}

int usm_symbols_init(void)
{
	int err;

	err = usm_symbol_resolve(NAMES("ptrace_may_access"),
				 &symbols.ptrace_may_access);
	if (err)
		return err;
	err = usm_symbol_resolve(NAMES("pidfd_get_task"),
				 &symbols.pidfd_get_task);
	if (err)
		return err;
	err = usm_symbol_resolve(NAMES("flush_tlb_mm_range"),
				 &symbols.flush_tlb_mm_range);
	if (err)
		return err;
	return usm_symbol_resolve(
		NAMES("folio_add_new_anon_rmap", "page_add_new_anon_rmap"),
		&symbols.add_new_anon_rmap);
}

#ifdef HAVE_LARGE_RMAPPABLE

static unsigned long data_symbol(const char *name)
{
	unsigned long lookup = usm_symbol(NAMES("kallsyms_lookup_name"));

	return lookup ? usm_call1(lookup, name) : 0;
}

bool usm_symbols_large(void)
{
	symbols.mthp_stats = data_symbol("mthp_stats");
	symbols.prep_compound_page = usm_symbol(NAMES("prep_compound_page"));
	symbols.split_large =
		usm_symbol(NAMES("split_huge_page_to_list_to_order"));
	return symbols.prep_compound_page && symbols.split_large;
}

#else

bool usm_symbols_large(void)
{
	return false;
}

#endif

void usm_prep_compound_page(struct page *page, unsigned int order)
{
	usm_call2(symbols.prep_compound_page, page, order);
}

int usm_split_large(struct page *page, struct list_head *tails)
{
	/* To order 0. */
	return (int)usm_call(symbols.split_large, (unsigned long)page,
			     (unsigned long)tails, 0, 0, 0);
}

void usm_count_large_anon(unsigned int order, int count)
{
#ifdef HAVE_MTHP_NR_ANON
	struct mthp_stat __percpu *stats =
		(struct mthp_stat __percpu *)symbols.mthp_stats;

	if (stats)
		this_cpu_add(stats->stats[order][MTHP_STAT_NR_ANON], count);
#endif
}

bool usm_ptrace_may_access(struct task_struct *task, unsigned int mode)
{
	return (bool)(u8)usm_call2(symbols.ptrace_may_access, task, mode);
}

struct task_struct *usm_pidfd_get_task(int pidfd, unsigned int *flags)
{
	return (struct task_struct *)usm_call2(symbols.pidfd_get_task, pidfd,
					       flags);
}

/* The older kernel's function of three arguments ignores the fourth. */
#define RMAP_EXCLUSIVE_FLAG 1

void usm_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma,
			   unsigned long address)
{
	usm_call(symbols.add_new_anon_rmap, (unsigned long)page,
		 (unsigned long)vma, address, RMAP_EXCLUSIVE_FLAG, 0);
}

void usm_flush_tlb_range(struct mm_struct *mm, unsigned long start,
			 unsigned long end)
{
	usm_call(symbols.flush_tlb_mm_range, (unsigned long)mm, start, end,
		 PAGE_SHIFT, false);
}
