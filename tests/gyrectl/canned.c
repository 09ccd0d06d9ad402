/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results as a server gives them, written in the tests, and pages as text. Called by the tests of
 * the views and of top; calls jansson. It guards that a page which a test compares is whole.
 */
#include "canned.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>

json_t *canned_json(const char *text)
{
	char *copy = strdup(text);
	json_error_t error;
	json_t *value;

	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	value = json_loads(copy, 0, &error);
	ck_assert_msg(value != NULL, "%s at %d of %s", error.text, error.position, copy);
	free(copy);
	return value;
}

const char *canned_text(struct page *page)
{
	static char *text;
	size_t size;
	FILE *out;

	free(text);
	out = open_memstream(&text, &size);
	ck_assert(!page->failed);
	page_write(page, out, false);
	fclose(out);
	page_fini(page);
	return text;
}
