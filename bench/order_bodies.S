/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies of nodes, as much code as a node has, for bench/order: three shapes, six sizes, eight
 * of each. Called by order_walk.c as `uint32_t body(uint32_t, uint32_t)`; leaves that touch
 * registers only. A shape's bodies lie one behind another, eight of each size, small sizes first: a
 * body's place is computed, and that a shape is as long as its bodies together is checked there.
 *
 *   straight  32 bytes | 32 bytes | ... | ret           every byte is executed, in order
 *   jumpy     27 bytes and a jump | ...                 every byte, blocks in a shuffled order
 *   sparse    piece of 32, in every 256 bytes at a place of its own; the rest is skipped
 */
	.text

/* 27 bytes, 7 instructions, at most 2 of them in a row. */
	.macro	work
	leal	8(%rsi,%rsi), %ecx
	xorl	$0x5bd1e995, %edi
	roll	$5, %ecx
	addl	%ecx, %eax
	leal	0x1234567(%rsi,%rcx), %edx
	xorl	%edx, %edi
	addl	$3, %esi
	.endm

/* 5 bytes, as long as a jump. */
	.macro	filler
	addl	$0x5bd1e995, %eax
	.endm

/* jmp to so many bytes behind its end: 5 bytes, never shortened. */
	.macro	jump bytes
	.byte	0xe9
	.long	\bytes
	.endm

	.macro	leave
	movl	%edi, %eax
	ret
	.skip	2, 0xcc
	.endm

	.macro	straight bytes
	.rept	\bytes / 32 - 1
	work
	filler
	.endr
	work
	leave
	.endm

/* Block i goes on at block 2533 i + 12345 modulo their number, a power of 2: that visits each once
 * before it is back at block 0, which is where it ends. */
	.macro	jumpy bytes
	.set	blocks, \bytes / 32
	.set	block, 0
	.rept	blocks
	work
	.if	(block * 2533 + 12345) % blocks == 0
	leave
	.else
	jump	(((block * 2533 + 12345) % blocks - (block + 1)) * 32)
	.endif
	.set	block, block + 1
	.endr
	.endm

/* `place` is where a piece is in its 256 bytes: at 0 in the first, where the body is entered. */
	.macro	sparse bytes
	.set	place, 0
	.rept	\bytes / 256 - 1
	.if	place
	.skip	place, 0xcc
	.endif
	work
	.set	before, place
	.set	seed, (seed * 1103515245 + 12345) & 0x7fffffff
	.set	place, (seed >> 16) % 55 * 4 + 4
	jump	(256 - 32 - before + place)
	.skip	256 - 32 - before, 0xcc
	.endr
	.skip	place, 0xcc
	work
	leave
	.skip	256 - 32 - place, 0xcc
	.endm

	.macro	bodies shape
	.globl	order_\shape, order_\shape\()_end
	.hidden	order_\shape, order_\shape\()_end
	.p2align 12
order_\shape:
	.irp	bytes, 512, 2048, 8192, 32768, 131072, 524288
	.rept	8
	\shape	\bytes
	.endr
	.endr
order_\shape\()_end:
	.endm

	.set	seed, 1
	bodies	straight
	bodies	jumpy
	bodies	sparse

	.section .note.GNU-stack, "", @progbits
