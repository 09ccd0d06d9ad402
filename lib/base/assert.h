/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_BASE_ASSERT_H
#define GYRE_LIB_BASE_ASSERT_H

/* An assertion of a hot path: checked in debug builds, compiled but not evaluated otherwise. */
#ifdef GYRE_DEBUG
#include <assert.h>
#define gyre__assert(condition) assert(condition)
#else
#define gyre__assert(condition) ((void)sizeof(!(condition)))
#endif

#endif
