/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_CALL_H
#define GYRE_LIB_CONTROL_CALL_H

#include <gyre/control.h>
#include <jansson.h>

struct gyre_control_call {
	json_t *params; /* an object, or NULL */
	json_t *result;
	char message[256]; /* of the error; empty: none was said */
	struct gyre_process_id target; /* of processes.signal */
};

#endif
