/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text from the server, made fit for a terminal. Called by whatever prints a name or a message;
 * calls libc's multibyte functions, so that the locale says what is printable. Invariant: what
 * text_escape() leaves has no control character of any kind, and each of its characters takes at
 * least one column: nothing a server sends moves the cursor or changes the direction of the text.
 */
#include "text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

/* Reads one character of at most `len` bytes; returns its bytes, or 0 if it may not be printed. */
static size_t character(const char *from, size_t len, unsigned *ret_columns)
{
	mbstate_t state = {0};
	wchar_t wide;
	size_t bytes = mbrtowc(&wide, from, len, &state);
	int columns;

	if (bytes == 0 || bytes > len)
		return 0;
	columns = wcwidth(wide);
	if (columns < 1)
		return 0;
	*ret_columns = (unsigned)columns;
	return bytes;
}

/* One character or one byte's escape at `piece`; returns the bytes read. */
static size_t escape_one(char piece[16], const char *from)
{
	unsigned columns;
	size_t bytes = character(from, strlen(from), &columns);

	if (*from == '\\') {
		strcpy(piece, "\\\\");
		return 1;
	}
	if (bytes == 0 || bytes > 8) {
		snprintf(piece, 16, "\\x%02x", (uint8_t)*from);
		return 1;
	}
	memcpy(piece, from, bytes);
	piece[bytes] = '\0';
	return bytes;
}

const char *text_escape(char *text, size_t size, const char *from)
{
	size_t len = 0, whole = 0; /* whole: where the dots still fit behind */
	char piece[16];

	while (*from != '\0') {
		from += escape_one(piece, from);
		if (len + strlen(piece) + 1 > size) {
			len = whole;
			strcpy(text + len, "...");
			return text;
		}
		strcpy(text + len, piece);
		len += strlen(piece);
		if (len + 4 <= size)
			whole = len;
	}
	text[len] = '\0';
	return text;
}

size_t text_fit(const char *text, size_t len, unsigned columns)
{
	size_t at = 0;

	while (at < len) {
		unsigned wide = 1;
		size_t bytes = character(text + at, len - at, &wide);

		if (wide > columns)
			break;
		columns -= wide;
		at += bytes == 0 ? 1 : bytes;
	}
	return at;
}

unsigned text_columns(const char *text)
{
	unsigned columns = 0;

	while (*text != '\0') {
		unsigned wide = 1;
		size_t bytes = character(text, strlen(text), &wide);

		columns += wide;
		text += bytes == 0 ? 1 : bytes;
	}
	return columns;
}
