/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as people read them: three digits that count, and a unit. Called by whatever shows a
 * figure; calls libc alone. Invariant: a text is at most eight characters long for any finite
 * number that a counter can hold, so that columns stay columns, and never empty.
 */
#include "unit.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Three digits that count of 0 <= value < 999.5. */
static void three_digits(char text[UNIT_SIZE], double value, const char *unit)
{
	int behind = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

	snprintf(text, UNIT_SIZE, "%.*f%s", behind, value, unit);
}

const char *unit_rate(char text[UNIT_SIZE], double value)
{
	static const char *const units[] = {"", "k", "M", "G", "T", "P", "E"};
	unsigned i = 0;

	if (!isfinite(value) || value <= 0)
		return strcpy(text, "0");
	for (; value >= 999.5 && i < sizeof(units) / sizeof(units[0]) - 1; i++)
		value /= 1000;
	three_digits(text, value, units[i]);
	return text;
}

/* From a minute on: two units, in whole seconds. */
static void long_time(char text[UNIT_SIZE], double seconds)
{
	uint64_t s = (uint64_t)seconds;

	if (s < 3600)
		snprintf(text, UNIT_SIZE, "%um%02us", (unsigned)(s / 60), (unsigned)(s % 60));
	else if (s < 86400)
		snprintf(
			text, UNIT_SIZE, "%uh%02um", (unsigned)(s / 3600), (unsigned)(s / 60 % 60));
	else
		snprintf(text, UNIT_SIZE, "%ud%02uh", (unsigned)(s / 86400),
			(unsigned)(s / 3600 % 24));
}

const char *unit_nsec(char text[UNIT_SIZE], double nsec)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	unsigned i = 0;

	if (!isfinite(nsec) || nsec <= 0)
		return strcpy(text, "0");
	if (nsec >= 59.95e9) {
		long_time(text, nsec / 1e9);
		return text;
	}
	for (; nsec >= 999.5 && i < 3; i++)
		nsec /= 1000;
	if (i == 0)
		snprintf(text, UNIT_SIZE, "%.0fns", nsec);
	else
		three_digits(text, nsec, units[i]);
	return text;
}

const char *unit_bytes(char text[UNIT_SIZE], uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	double value = (double)bytes;
	unsigned i = 0;

	if (bytes < 1024) {
		snprintf(text, UNIT_SIZE, "%u", (unsigned)bytes);
		return text;
	}
	for (value /= 1024; value >= 1023.95 && i < sizeof(units) - 2; i++)
		value /= 1024;
	bool whole = fmod(round(value * 10), 10) == 0;

	snprintf(text, UNIT_SIZE, "%.*f%c", whole || value >= 99.95 ? 0 : 1, value, units[i]);
	return text;
}

const char *unit_science(char text[UNIT_SIZE], double value, int digits)
{
	char mantissa[UNIT_SIZE];
	char *exponent;

	if (!isfinite(value) || value < 0)
		value = 0;
	snprintf(mantissa, sizeof(mantissa), "%.*e", digits, value);
	exponent = strchr(mantissa, 'e');
	*exponent++ = '\0';
	/* printf's "1.23e+04" */
	int sign = *exponent == '-';
	for (exponent++; *exponent == '0' && exponent[1] != '\0'; exponent++)
		;
	snprintf(text, UNIT_SIZE, "%.12se%s%.4s", mantissa, sign ? "-" : "", exponent);
	return text;
}
