/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as JSON. Owns nothing. Called by the methods, calls jansson. Invariant: whatever the loop
 * holds, a name of odd bytes or a counter beyond 63 bits, makes valid JSON.
 */
#include "control/json.h"

#include <gyre/base.h>
#include <stdlib.h>
#include <string.h>

json_t *gyre__json_text(const char *text)
{
	json_t *value = json_string(text);
	char *copy;

	if (value || !text)
		return value;
	copy = strdup(text);
	if (!copy)
		return NULL;
	for (char *c = copy; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	value = json_string(copy);
	free(copy);
	return value;
}

json_t *gyre__json_count(uint64_t n)
{
	return json_integer(n < INT64_MAX ? (json_int_t)n : INT64_MAX);
}

json_t *gyre__json_deadline(uint64_t nsec)
{
	return nsec == GYRE_FOREVER ? json_null() : gyre__json_count(nsec);
}
