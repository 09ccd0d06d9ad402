/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to numbers, times and IPv4 addresses, and back where a message shows them. options.c and
 * the report call it; it calls libc. It guards that a text is taken whole or not at all: what
 * strtoul(3) or inet_aton(3) would make of "10 ", "-1", "0x10" or "10.1" is a fault here.
 */
#include "value.h"
#include "nsec.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct unit {
	const char *name;
	uint64_t nsec;
} units[] = {
	{"min", 60 * NSEC_PER_SEC},
	{"s", NSEC_PER_SEC},
	{"ms", NSEC_PER_MSEC},
	{"us", NSEC_PER_USEC},
};

int value_fault(struct value_fault *ret_fault, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret_fault->text, sizeof(ret_fault->text), format, args);
	va_end(args);
	return -EINVAL;
}

/* Reads the digits that the text begins with; returns how many, 0 also when there are too many. */
static unsigned digits(const char *text, uint64_t *ret_number)
{
	uint64_t number = 0;
	unsigned count = 0;

	for (; text[count] >= '0' && text[count] <= '9'; count++)
		number = number * 10 + (uint64_t)(text[count] - '0');
	if (count > 18)
		return 0;
	*ret_number = number;
	return count;
}

int value_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number,
	struct value_fault *ret_fault)
{
	uint64_t number = 0;
	unsigned count = digits(text, &number);

	if (count == 0 || text[count] != '\0' || number < min || number > max)
		return value_fault(ret_fault,
			"'%.60s' is not a number from %" PRIu64 " to %" PRIu64, text, min, max);
	*ret_number = number;
	return 0;
}

char *value_time_text(uint64_t nsec, char text[32])
{
	const struct unit *unit = units;

	while (nsec % unit->nsec != 0 && unit < units + sizeof(units) / sizeof(*units) - 1)
		unit++;
	snprintf(text, 32, "%" PRIu64 "%s", nsec / unit->nsec, nsec == 0 ? "s" : unit->name);
	return text;
}

static const struct unit *find_unit(const char *name)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
	return NULL;
}

int value_time(const char *text, uint64_t min_nsec, uint64_t max_nsec, uint64_t *ret_nsec,
	struct value_fault *ret_fault)
{
	char from[32], to[32];
	uint64_t number = 0;
	unsigned count = digits(text, &number);
	const struct unit *unit = count == 0 ? NULL : find_unit(text + count);

	if (unit == NULL)
		return value_fault(ret_fault,
			"'%.60s' is not a number and its unit, such as 300us, 10ms, 1s or 2min",
			text);
	if (number > max_nsec / unit->nsec || number * unit->nsec < min_nsec)
		return value_fault(ret_fault, "'%.60s' is not a time from %s to %s", text,
			value_time_text(min_nsec, from), value_time_text(max_nsec, to));
	*ret_nsec = number * unit->nsec;
	return 0;
}

int value_address(const char *text, uint32_t *ret_address, struct value_fault *ret_fault)
{
	struct in_addr address;

	if (inet_pton(AF_INET, text, &address) != 1)
		return value_fault(ret_fault,
			"'%.60s' is not an IPv4 address, four numbers from 0 to 255 with dots "
			"between",
			text);
	*ret_address = ntohl(address.s_addr);
	return 0;
}

char *value_address_text(uint32_t address, char text[16])
{
	snprintf(text, 16, "%u.%u.%u.%u", address >> 24, address >> 16 & 0xff, address >> 8 & 0xff,
		address & 0xff);
	return text;
}
