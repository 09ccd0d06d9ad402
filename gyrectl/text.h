/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text from the server, made fit for a terminal: printable characters of the locale, and no others.
 */
#ifndef GYRECTL_TEXT_H
#define GYRECTL_TEXT_H

#include <stddef.h>

#define TEXT_SIZE 256

/* Copies what is printable and takes columns; any other byte becomes "\xNN", a backslash two. What
 * does not fit in `size` bytes (at least 8) is cut, and ends in "...". Returns `text`. */
const char *text_escape(char *text, size_t size, const char *from);

/* Columns that an escaped text takes. */
unsigned text_columns(const char *text);

/* Bytes of the longest beginning of an escaped text that takes at most so many columns. */
size_t text_fit(const char *text, size_t len, unsigned columns);

#endif
