/* SPDX-License-Identifier: MIT */
/* Leaving one stack for another; see context.h and struct saved there. */
	.text

/* void usm_context_swap(void **save, void *sp) */
	.globl	usm_context_swap
	.hidden	usm_context_swap
	.type	usm_context_swap, @function
	.p2align 4
usm_context_swap:
	.cfi_startproc
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	pushq	%r12
	.cfi_adjust_cfa_offset 8
	pushq	%r13
	.cfi_adjust_cfa_offset 8
	pushq	%r14
	.cfi_adjust_cfa_offset 8
	pushq	%r15
	.cfi_adjust_cfa_offset 8
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	stmxcsr	(%rsp)
	fnstcw	4(%rsp)

	movq	%rsp, (%rdi)
	movq	%rsi, %rsp

	ldmxcsr	(%rsp)
	fldcw	4(%rsp)
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	popq	%r15
	.cfi_adjust_cfa_offset -8
	popq	%r14
	.cfi_adjust_cfa_offset -8
	popq	%r13
	.cfi_adjust_cfa_offset -8
	popq	%r12
	.cfi_adjust_cfa_offset -8
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	popq	%rbp
	.cfi_adjust_cfa_offset -8
	/* Not ret: the processor would predict the wrong caller every time. */
	popq	%rcx
	.cfi_adjust_cfa_offset -8
	.cfi_register %rip, %rcx
	jmpq	*%rcx
	.cfi_endproc
	.size	usm_context_swap, . - usm_context_swap

/* The first that runs in a context: r14(r15), with nobody to return to. */
	.globl	usm_context_entry
	.hidden	usm_context_entry
	.type	usm_context_entry, @function
	.p2align 4
usm_context_entry:
	.cfi_startproc
	.cfi_undefined %rip
	xorl	%ebp, %ebp
	movq	%r15, %rdi
	callq	*%r14
	ud2
	.cfi_endproc
	.size	usm_context_entry, . - usm_context_entry

	.section .note.GNU-stack, "", @progbits
