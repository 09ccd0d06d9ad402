/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_BASE_H
#define GYRE_BASE_H

#ifdef __cplusplus
extern "C" {
#endif

#define GYRE_API __attribute__((visibility("default")))

#define GYRE_ERROR_TEXT_SIZE 160

/* Text that names the fault of a cold call; the caller owns it. */
struct gyre_error {
	char text[GYRE_ERROR_TEXT_SIZE];
};

/* The text as a string, "" while nothing failed. Does not suspend; any thread. */
GYRE_API const char *gyre_error_text(const struct gyre_error *error);

#ifdef __cplusplus
}
#endif

#endif
