/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_CONTROL_PAGE_H
#define GYRE_CONTROL_PAGE_H

#include <stddef.h>

/* The page that shows the loops alive: one HTML document in UTF-8, complete in itself, that asks
 * the server it came from for /api/... and nobody else. A 0 follows it. */
extern const char gyre__page[];
extern const size_t gyre__page_size; /* without the 0 */
/* The value of the Content-Security-Policy header that it is to be served with: the document's own
 * script and style, by their hashes. */
extern const char gyre__page_csp[];

#endif
