/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The switch for x86-64 (System V ABI). Called by context.h and context.c, calls what a stack was
 * made for. Invariant: what a call must preserve is preserved: rbx, rbp, r12 to r15, rsp, the
 * control bits of mxcsr and of the x87 unit. A suspended stack, lowest byte first:
 *
 *   mxcsr (4), x87 control word (2), 2 unused | sp -> r15 | r14 | r13 | r12 | rbx | rbp | pc
 *
 * It ends in pop and jmp, since a ret would be mispredicted every time (the return stack of the CPU
 * knows the other stack's caller). This object is not marked as capable of shadow stacks, which
 * could not follow it; notrack lets the jump end at any instruction under indirect branch tracking.
 *
 * The other's sp is loaded before one's own is stored: behind that store, which may be to the same
 * place for all the CPU knows, it comes 9 cycles later on Zen 4.
 */
	.text
	.hidden	__cpu_model	/* libgcc's, whose first int is the vendor */
	.set	AMD, 2		/* VENDOR_AMD */

	.macro	save
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbp, 0
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbx, 0
	pushq	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r12, 0
	pushq	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r13, 0
	pushq	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r14, 0
	pushq	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r15, 0
	.endm

	.macro	suspended	/* for unwinders: rsp is a suspended stack's sp */
	.cfi_def_cfa %rsp, 56
	.cfi_offset %rbp, -16
	.cfi_offset %rbx, -24
	.cfi_offset %r12, -32
	.cfi_offset %r13, -40
	.cfi_offset %r14, -48
	.cfi_offset %r15, -56
	.endm

	.macro	restore		/* goes on with the stack at rsi, and returns edx there */
	movq	%rsi, %rsp
	popq	%r15
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r15
	popq	%r14
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r14
	popq	%r13
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r13
	popq	%r12
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r12
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbx
	popq	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbp
	popq	%rcx
	.cfi_adjust_cfa_offset -8
	.cfi_register %rip, %rcx
	movl	%edx, %eax
	notrack jmp *%rcx
	.endm

/* int gyre__context_swap(struct gyre__context *from, struct gyre__context *to, int word) */
	.globl	gyre__context_swap
	.hidden	gyre__context_swap
	.type	gyre__context_swap, @function
	.p2align 5
gyre__context_swap:
	.cfi_startproc
	stmxcsr	-56(%rsp)	/* what takes longest first: into the red zone */
	movq	(%rsi), %rsi
	save
	fnstcw	-4(%rsp)
	movzwl	-4(%rsp), %ecx
	movq	%rsp, (%rdi)
	/* On Intel's, loading mxcsr costs dozens of ns: only when more than the sticky flags
	 * differ. On AMD's it is done in 2 cycles, but to read what stmxcsr stored delays the
	 * next one. */
	cmpl	$AMD, __cpu_model(%rip)
	je	.Lmxcsr
	movl	-8(%rsp), %eax
.Lcompare:
	xorl	-8(%rsi), %eax
	testl	$0xffffffc0, %eax
	jne	.Lmxcsr
	cmpw	-4(%rsi), %cx
	jne	.Lcontrol_word
.Lrestore:
	restore
	.cfi_endproc
	.size	gyre__context_swap, . - gyre__context_swap

/* int gyre__context_enter(struct gyre__context *from, struct gyre__context *to, int word,
 *	uint64_t control) */
	.globl	gyre__context_enter
	.hidden	gyre__context_enter
	.type	gyre__context_enter, @function
	.p2align 5
gyre__context_enter:
	.cfi_startproc
	movq	(%rsi), %rsi
	save
	movq	%rcx, -8(%rsp)
	movq	%rsp, (%rdi)
	movl	%ecx, %eax
	shrq	$32, %rcx
	xorl	-8(%rsi), %eax
	testl	$0xffffffc0, %eax
	jne	.Lmxcsr
	cmpw	-4(%rsi), %cx
	jne	.Lcontrol_word
	restore
	.cfi_endproc
	.size	gyre__context_enter, . - gyre__context_enter

	.type	gyre__context_load, @function
gyre__context_load:
	.cfi_startproc
	suspended
.Lcontrol_word:
	/* What one process has raised would be an exception of the next to unmask it. */
	fnclex
	fldcw	-4(%rsi)
	jmp	.Lrestore
	.p2align 4
.Lmxcsr:
	ldmxcsr	-8(%rsi)
	cmpw	-4(%rsi), %cx
	jne	.Lcontrol_word
	restore
	.cfi_endproc
	.size	gyre__context_load, . - gyre__context_load

/* void gyre__context_jump(struct gyre__context *to): as swap, from a stack that is done with. */
	.globl	gyre__context_jump
	.hidden	gyre__context_jump
	.type	gyre__context_jump, @function
	.p2align 4
gyre__context_jump:
	.cfi_startproc
	movq	%rsp, %r8
	movq	(%rdi), %rsi
	movq	%rsi, %rsp
	suspended
	xorl	%edx, %edx
	fnstcw	-4(%r8)
	movzwl	-4(%r8), %ecx
	cmpl	$AMD, __cpu_model(%rip)
	je	.Lmxcsr
	stmxcsr	-8(%r8)
	movl	-8(%r8), %eax
	jmp	.Lcompare
	.cfi_endproc
	.size	gyre__context_jump, . - gyre__context_jump

/* Where a new context starts, at the top of its stack. Unwinders end here. The nop is there for
 * them: they look up the address before a return. */
	.type	gyre__context_first, @function
	.p2align 4
	.cfi_startproc
	.cfi_undefined %rip
	nop
gyre__context_first:
	movq	%r12, %rdi
	call	*%rbx
	ud2
	.cfi_endproc
	.size	gyre__context_first, . - gyre__context_first

/* void gyre__context_prepare(struct gyre__context *context, void *low, void *top,
 *	void (*entry)(void *arg), void *arg): as if swap had suspended it just before its start. All
 * of it lies in one cache line where the top is aligned to lines, and so does a call or two from
 * there. */
	.globl	gyre__context_prepare
	.hidden	gyre__context_prepare
	.type	gyre__context_prepare, @function
	.p2align 4
gyre__context_prepare:
	.cfi_startproc
	xorl	%eax, %eax
	leaq	gyre__context_first(%rip), %r9
	movq	%r9, -8(%rdx)
	movq	%rax, -16(%rdx)
	movq	%rcx, -24(%rdx)
	movq	%r8, -32(%rdx)
	movq	%rax, -40(%rdx)
	movq	%rax, -48(%rdx)
	movq	%rax, -56(%rdx)
	stmxcsr	-64(%rdx)
	fnstcw	-60(%rdx)
	leaq	-56(%rdx), %rax
	movq	%rax, (%rdi)
	ret
	.cfi_endproc
	.size	gyre__context_prepare, . - gyre__context_prepare

/* What compilers call instead of a ret where they are told to (GYRE__RETURNS_BY_JUMP). The name is
 * theirs; another's would do the same. */
	.weak	__x86_return_thunk
	.hidden	__x86_return_thunk
	.type	__x86_return_thunk, @function
	.p2align 4
__x86_return_thunk:
	.cfi_startproc
	popq	%rcx
	.cfi_adjust_cfa_offset -8
	.cfi_register %rip, %rcx
	notrack jmp *%rcx
	.cfi_endproc
	.size	__x86_return_thunk, . - __x86_return_thunk

	.section .note.GNU-stack, "", @progbits
