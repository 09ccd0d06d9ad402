/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of the server's JSON objects. One that is missing or of another type is empty or 0: a
 * newer or an older server is shown as far as it is understood.
 */
#ifndef GYRECTL_FIELD_H
#define GYRECTL_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "text.h"

/* A string, escaped; "-" if there is none. Returns `text`. */
const char *field_text(const json_t *object, const char *name, char text[TEXT_SIZE]);
/* The same string as the server sent it, for comparisons; "" if there is none. */
const char *field_raw(const json_t *object, const char *name);
bool field_is(const json_t *object, const char *name, const char *value);
uint64_t field_count(const json_t *object, const char *name);
double field_number(const json_t *object, const char *name);
bool field_true(const json_t *object, const char *name);
/* How much a counter has grown since `before`, which may be NULL; 0 if it was set back. */
uint64_t field_growth(const json_t *object, const json_t *before, const char *name);
/* The element of an array whose `name` is `value`; NULL if there is none. */
json_t *field_find(const json_t *array, const char *name, const char *value);

#endif
