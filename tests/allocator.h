/* SPDX-License-Identifier: Apache-2.0 */
/* An allocator that fails when it is told to, in programs linked with --wrap=malloc,--wrap=calloc.
 */
#ifndef GYRE_TESTS_ALLOCATOR_H
#define GYRE_TESTS_ALLOCATOR_H

#include <stddef.h>

/* The one call that so many others precede fails; UINT_MAX: none. */
extern unsigned allocations_left;

/* The linker's names of the allocator itself, and of what is called instead. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);

#endif
