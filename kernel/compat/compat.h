/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every difference between kernel versions, so that nothing else needs an
 * #if on a version.  HAVE_* come from the probes in this folder.
 */
#ifndef USM_COMPAT_H
#define USM_COMPAT_H

#include <linux/mm.h>
#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/ptrace.h>

#ifndef HAVE_VM_FLAGS_SET
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}
#endif

/* Wait until no fault runs in @vma, and let none begin; mmap_lock is held for writing. */
static inline void usm_vma_start_write(struct vm_area_struct *vma)
{
#ifdef HAVE_VMA_START_WRITE
	vma_start_write(vma);
#endif
}

/* As mmap_write_lock(), which has no such variant; mmap_write_unlock() ends it. */
static inline bool usm_mmap_write_trylock(struct mm_struct *mm)
{
	if (!down_write_trylock(&mm->mmap_lock))
		return false;
#ifdef HAVE_MM_LOCK_SEQCOUNT
	mm_lock_seqcount_begin(mm);
#endif
	return true;
}

/* Unmap part of @vma, with everything that belongs to it. Sleeps. */
static inline void usm_zap(struct vm_area_struct *vma, unsigned long start,
			   unsigned long size)
{
#ifdef HAVE_ZAP_PAGE_RANGE
	zap_page_range(vma, start, size);
#else
	zap_page_range_single(vma, start, size, NULL);
#endif
}

static inline void usm_add_anon_rss(struct mm_struct *mm, long pages)
{
#ifdef HAVE_RSS_STAT_PERCPU
	percpu_counter_add(&mm->rss_stat[MM_ANONPAGES], pages);
#else
	atomic_long_add(pages, &mm->rss_stat.count[MM_ANONPAGES]);
#endif
}

#ifndef HAVE_PTE_MKWRITE_NOVMA
static inline pte_t pte_mkwrite_novma(pte_t entry)
{
	return pte_mkwrite(entry);
}
#endif

#ifndef VM_SHADOW_STACK
#define VM_SHADOW_STACK VM_NONE
#endif

#ifndef VM_DROPPABLE
#define VM_DROPPABLE VM_NONE
#endif

/* Is the page, or any part of the large one that it is the first of, mapped? */
static inline bool usm_page_mapped(struct page *page)
{
#ifdef HAVE_LARGE_RMAPPABLE
	return folio_mapped(page_folio(page));
#else
	/* It counts from minus one. */
	return atomic_read(&page->_mapcount) >= 0;
#endif
}

static inline void usm_folio_set_rmappable(struct folio *folio)
{
#ifdef HAVE_LARGE_RMAPPABLE
	folio_set_large_rmappable(folio);
#endif
}

/* Is it off the list of those to be split when memory is short? */
static inline bool usm_folio_unqueued(struct folio *folio)
{
#ifdef HAVE_LARGE_RMAPPABLE
	return list_empty(&folio->_deferred_list);
#else
	return true;
#endif
}

/* Kernels without it never have large pages of ours to map. */
static inline void usm_set_ptes(struct mm_struct *mm, unsigned long addr,
				pte_t *ptep, pte_t entry, unsigned int nr)
{
#ifdef HAVE_LARGE_RMAPPABLE
	set_ptes(mm, addr, ptep, entry, nr);
#endif
}

/* Mappings whose faults belong to a userfaultfd handler, not to us. */
#ifdef CONFIG_HAVE_ARCH_USERFAULTFD_MINOR
#define USM_VM_UFFD (VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR)
#else
#define USM_VM_UFFD (VM_UFFD_MISSING | VM_UFFD_WP)
#endif

/* On x86-64 struct ftrace_regs wraps pt_regs as its first member. */
static __always_inline struct pt_regs *usm_ftrace_regs(struct ftrace_regs *f)
{
	return (struct pt_regs *)f;
}

/* Is @ip in the code of @module, that of its init functions aside? */
static __always_inline bool usm_in_text(const struct module *module,
					unsigned long ip)
{
#ifdef HAVE_MODULE_MEM
	return ip - (unsigned long)module->mem[MOD_TEXT].base <
	       module->mem[MOD_TEXT].size;
#else
	return ip - (unsigned long)module->core_layout.base <
	       module->core_layout.text_size;
#endif
}

/*
 * <asm/tlb.h> does not compile in a module; the address space has been the
 * first member of struct mmu_gather in every kernel that has one.
 */
static __always_inline struct mm_struct *usm_gather_mm(void *tlb)
{
	return *(struct mm_struct **)tlb;
}

/*
 * Give up whichever lock a fault runs under: the VMA's where the kernel has
 * per-VMA locks and the fault took one, else the address space's.
 */
static inline void usm_fault_unlock(struct vm_area_struct *vma,
				    unsigned int flags)
{
#ifdef CONFIG_PER_VMA_LOCK
	if (flags & FAULT_FLAG_VMA_LOCK) {
		vma_end_read(vma);
		return;
	}
#endif
	mmap_read_unlock(vma->vm_mm);
}

#endif /* USM_COMPAT_H */
