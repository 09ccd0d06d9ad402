/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_JSON_H
#define GYRE_LIB_CONTROL_JSON_H

#include <jansson.h>
#include <stdint.h>

/* Names come from the application: what is no UTF-8 gets its odd bytes replaced by '?'. NULL: no
 * memory. */
json_t *gyre__json_text(const char *text);
/* JSON's integers end at INT64_MAX here. */
json_t *gyre__json_count(uint64_t n);
/* Time: GYRE_FOREVER is null. */
json_t *gyre__json_deadline(uint64_t nsec);

#endif
