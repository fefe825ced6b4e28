/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses of kernel functions that are not exported to modules. */
#ifndef USM_SYMBOLS_H
#define USM_SYMBOLS_H

#include <linux/types.h>

struct list_head;
struct mm_struct;
struct page;
struct task_struct;
struct vm_area_struct;

/*
 * usm_symbol() - entry address of the first name that this kernel has.
 * @names: NULL-terminated, newest kernel's name first
 *
 * Asks through a short-lived kprobe, the only exported way to ask. Sleeps.
 * Returns 0 when no name is known.
 */
unsigned long usm_symbol(const char *const *names);
/* The same into *address: 0, or -ENOENT having logged the first name. */
int usm_symbol_resolve(const char *const *names, unsigned long *address);

/*
 * usm_symbols_init() - resolve what the wrappers below need.
 * Returns 0 or -ENOENT, having logged the missing name.
 */
int usm_symbols_init(void);

/* As the kernel's own functions of these names; valid after init. */
bool usm_ptrace_may_access(struct task_struct *task, unsigned int mode);
struct task_struct *usm_pidfd_get_task(int pidfd, unsigned int *flags);

/* As folio_add_new_anon_rmap(): @page becomes an exclusive anonymous one. */
void usm_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma,
			   unsigned long address);
/*
 * usm_symbols_large() - what large pages need besides; false: this kernel has
 * not all of it, and the two below must not be called.
 */
bool usm_symbols_large(void);
/*
 * What the kernel counts in /sys/kernel/mm/transparent_hugepage when a folio
 * is mapped first and freed; ours are never freed.
 */
void usm_count_large_anon(unsigned int order, int count);
/* As prep_compound_page() and split_huge_page_to_list(). */
void usm_prep_compound_page(struct page *page, unsigned int order);
int usm_split_large(struct page *page, struct list_head *tails);

/* As flush_tlb_mm_range() for base pages. */
void usm_flush_tlb_range(struct mm_struct *mm, unsigned long start,
			 unsigned long end);

/*
 * See call.S: for functions that may be without a landing pad, which is every
 * one that is not exported. At most five arguments, and exactly seven.
 */
unsigned long usm_call(unsigned long function, unsigned long a, unsigned long b,
		       unsigned long c, unsigned long d, unsigned long e);
unsigned long usm_call7(unsigned long function, unsigned long a,
			unsigned long b, unsigned long c, unsigned long d,
			unsigned long e, unsigned long f, unsigned long g);

#define usm_call1(function, a) \
	usm_call(function, (unsigned long)(a), 0, 0, 0, 0)
#define usm_call2(function, a, b) \
	usm_call(function, (unsigned long)(a), (unsigned long)(b), 0, 0, 0)
#define usm_call3(function, a, b, c)                               \
	usm_call(function, (unsigned long)(a), (unsigned long)(b), \
		 (unsigned long)(c), 0, 0)
#define usm_call4(function, a, b, c, d)                            \
	usm_call(function, (unsigned long)(a), (unsigned long)(b), \
		 (unsigned long)(c), (unsigned long)(d), 0)

#endif /* USM_SYMBOLS_H */
