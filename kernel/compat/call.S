/* SPDX-License-Identifier: GPL-2.0 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/nospec-branch.h>
#include <asm/unwind_hints.h>

/*
 * unsigned long usm_call(unsigned long function, unsigned long a,
 *			  unsigned long b, unsigned long c, unsigned long d,
 *			  unsigned long e)
 *
 * Kernels built with X86_KERNEL_IBT erase the landing pad of functions that
 * nobody takes the address of, so an indirect call to one traps on processors
 * that check.  A return is not checked: push the target and return to it.
 */
	.text
SYM_FUNC_START(usm_call)
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %rcx
	movq	%r9, %r8
	pushq	%rax
	/* As deep as the caller left it, once the target runs. */
	UNWIND_HINT_FUNC
	ANNOTATE_UNRET_SAFE
	ret
	int3
SYM_FUNC_END(usm_call)

/*
 * unsigned long usm_call7(unsigned long function, unsigned long a,
 *			   unsigned long b, unsigned long c, unsigned long d,
 *			   unsigned long e, unsigned long f, unsigned long g)
 *
 * The same for more arguments than there are registers.  The last two come on
 * the stack, where the target looks for one: those places are ours to write.
 */
SYM_FUNC_START(usm_call7)
	movq	%rdi, %r10
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %rcx
	movq	%r9, %r8
	movq	8(%rsp), %r9
	movq	16(%rsp), %rax
	movq	%rax, 8(%rsp)
	pushq	%r10
	/* As deep as the caller left it, once the target runs. */
	UNWIND_HINT_FUNC
	ANNOTATE_UNRET_SAFE
	ret
	int3
SYM_FUNC_END(usm_call7)
