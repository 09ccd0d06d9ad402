/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base.h: what every other header uses: units of time, errors, the log callback, the version.
 *
 * Rules that hold for the whole API, said once:
 *
 *  - A function that returns int gives 0 or a count on success and a negative errno on failure.
 *    Out-parameters come last, are named ret_x, and are untouched on failure.
 *  - Times are uint64_t nanoseconds on the loop's clock; deadlines are absolute.
 *  - A struct of options starts with its own size, is filled with the defaults by its _INIT macro
 *    (or its init function), and NULL stands for all defaults. A size smaller than the first
 *    release's, as in a struct that no _INIT filled, is -EINVAL without a text in its `error`;
 *    unknown fields that are not zero are -E2BIG.
 *  - Unless a function says "any thread", it is called on the thread that runs the loop, or before
 *    the loop runs. Unless it says "suspends", it does not suspend the calling process.
 *  - The library never exits, prints, aborts or installs signal handlers.
 */
#ifndef GYRE_BASE_H
#define GYRE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GYRE_VERSION_MAJOR 0
#define GYRE_VERSION_MINOR 1
#define GYRE_VERSION_PATCH 0

#define GYRE_API __attribute__((visibility("default")))

#ifdef __cplusplus
#define GYRE_BEGIN_DECLS extern "C" {
#define GYRE_END_DECLS   }
#else
#define GYRE_BEGIN_DECLS
#define GYRE_END_DECLS
#endif

#define GYRE_USEC(n) ((uint64_t)(n)*1000u)
#define GYRE_MSEC(n) ((uint64_t)(n)*1000000u)
#define GYRE_SEC(n)  ((uint64_t)(n)*1000000000u)
/* A deadline that never comes. */
#define GYRE_FOREVER UINT64_MAX

GYRE_BEGIN_DECLS

/* Text that names what is at fault, beside the negative errno that the function returned. */
struct gyre_error {
	int code; /* the same negative errno */
	char text[252]; /* one line, no newline, always terminated */
};

enum gyre_log_level {
	GYRE_LOG_ERROR,
	GYRE_LOG_WARNING,
	GYRE_LOG_INFO,
	GYRE_LOG_DEBUG,
};

/* Receives one line of text, no newline; the text is the library's and gone after the call.
 * Called on the loop's thread; must not suspend. */
typedef void gyre_log_fn(void *arg, enum gyre_log_level level, const char *text);

/* The version of the library that runs, "MAJOR.MINOR.PATCH". Any thread. */
GYRE_API const char *gyre_version(void);

GYRE_END_DECLS

#endif
