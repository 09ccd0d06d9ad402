/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page as bytes, for the HTTP side to serve. Owns nothing: page/embed joins the sources of
 * page/ when gyre is built. Invariant: the policy's hashes are those of this very document, for
 * both come from one run of embed.
 */
#include "page.h"

#include "page/page.inc"

const size_t gyre__page_size = sizeof(gyre__page) - 1;
