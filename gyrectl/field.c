/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of the server's JSON objects, read without trust. Called by everything that shows a
 * result; calls jansson and text.c. Invariant: whatever the server sends, these return a value of
 * the asked type, and no text leaves here for the terminal unescaped but by field_raw().
 */
#include "field.h"

#include <string.h>

const char *field_raw(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value == NULL ? "" : value;
}

const char *field_text(const json_t *object, const char *name, char text[TEXT_SIZE])
{
	const char *value = field_raw(object, name);

	return text_escape(text, TEXT_SIZE, *value == '\0' ? "-" : value);
}

bool field_is(const json_t *object, const char *name, const char *value)
{
	return strcmp(field_raw(object, name), value) == 0;
}

uint64_t field_count(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	double number = json_number_value(value);

	if (json_is_integer(value))
		return json_integer_value(value) < 0 ? 0 : (uint64_t)json_integer_value(value);
	return number > 0 && number < 1.8e19 ? (uint64_t)number : 0;
}

double field_number(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

bool field_true(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

uint64_t field_growth(const json_t *object, const json_t *before, const char *name)
{
	uint64_t now = field_count(object, name), then = field_count(before, name);

	return now > then ? now - then : 0;
}

json_t *field_find(const json_t *array, const char *name, const char *value)
{
	json_t *element;
	size_t i;

	json_array_foreach(array, i, element) if (field_is(element, name, value)) return element;
	return NULL;
}
