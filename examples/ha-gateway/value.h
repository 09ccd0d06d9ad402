/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of the command line: text to numbers, times and addresses. Each returns 0, or -EINVAL with
 * what is wrong with the text and what is allowed in *ret_fault, *ret_x then untouched. Nothing but
 * the whole text is taken: no blanks, signs or trailing letters.
 */
#ifndef HA_VALUE_H
#define HA_VALUE_H

#include <stdbool.h>
#include <stdint.h>

struct value_fault {
	char text[240];
};

/* Fills in the text as printf() does; always -EINVAL. */
int value_fault(struct value_fault *ret_fault, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

int value_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number,
	struct value_fault *ret_fault);

/* A number and its unit: us, ms, s or min. */
int value_time(const char *text, uint64_t min_nsec, uint64_t max_nsec, uint64_t *ret_nsec,
	struct value_fault *ret_fault);

/* Writes a time in the largest unit that divides it. Returns text. */
char *value_time_text(uint64_t nsec, char text[32]);

/* Four numbers with dots between; host order. */
int value_address(const char *text, uint32_t *ret_address, struct value_fault *ret_fault);

/* Writes an address. Returns text. */
char *value_address_text(uint32_t address, char text[16]);

#endif
