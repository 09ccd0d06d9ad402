/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_BASE_ERROR_H
#define GYRE_LIB_BASE_ERROR_H

#include <gyre/base.h>

/* Writes code and text unless error is NULL; returns code, so that `return gyre__error_set(...)`
 * reads well. */
int gyre__error_set(struct gyre_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Fills a caller's struct of options, of `size` bytes by his header, with the defaults as far as he
 * knows them, `ours` bytes by this one; what only he knows is 0. Both start with size_t size. */
void gyre__options_init(void *options, size_t size, const void *defaults, size_t ours);

/* Copies a caller's struct of options into one of ours that holds the defaults already. Both start
 * with size_t size. `ours` is sizeof *dst, `least` the first release's size, `what` names the
 * struct in the text. src may be NULL. Returns 0, -EINVAL (size below least), -E2BIG (unknown
 * fields that are not zero). */
int gyre__options_copy(void *dst, size_t ours, const void *src, size_t least, const char *what,
	struct gyre_error *error);

#endif
