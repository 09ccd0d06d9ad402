/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results as a server gives them, for tests of what shows them.
 */
#ifndef GYRE_TESTS_GYRECTL_CANNED_H
#define GYRE_TESTS_GYRECTL_CANNED_H

#include <jansson.h>

#include "gyrectl/page.h"

/* Reads JSON in which ' stands for "; fails the test if it is none. */
json_t *canned_json(const char *text);
/* What the page says, in memory that the next call frees; the page is ended. */
const char *canned_text(struct page *page);

#endif
