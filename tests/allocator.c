/* SPDX-License-Identifier: Apache-2.0 */
/* What tests/allocator.h describes. */
#include "allocator.h"

#include <limits.h>
#include <stdbool.h>

unsigned allocations_left = UINT_MAX;

static bool allocation_fails(void)
{
	return allocations_left != UINT_MAX && allocations_left-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return allocation_fails() ? NULL : __real_calloc(n, size);
}
