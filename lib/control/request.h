/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam between those who ask (socket and HTTP) and those who know (methods and readings): one
 * question is looked up, its parameters are checked, and it is answered once, later, on the
 * control's thread.
 */
#ifndef GYRE_LIB_CONTROL_REQUEST_H
#define GYRE_LIB_CONTROL_REQUEST_H

#include <gyre/control.h>
#include <jansson.h>

struct gyre_snapshot;
struct gyre__client;
struct gyre__request;

/* JSON-RPC's codes, and ours from -32000 on. */
enum gyre__rpc_code {
	GYRE__RPC_PARSE = -32700,
	GYRE__RPC_INVALID_REQUEST = -32600,
	GYRE__RPC_NO_METHOD = -32601,
	GYRE__RPC_INVALID_PARAMS = -32602,
	GYRE__RPC_INTERNAL = -32603,
	GYRE__RPC_TIMEOUT = -32000, /* the loop did not answer */
	GYRE__RPC_NO_LOOP = -32001,
	GYRE__RPC_NOT_FOUND = -32002, /* node, process, link, subscription */
	GYRE__RPC_LIMIT = -32003, /* too large, too deep, too many */
	GYRE__RPC_BUSY = -32004,
	GYRE__RPC_APPLICATION = -32005, /* its method failed */
};

struct gyre__answer {
	json_t *result; /* borrowed; NULL: an error */
	int code; /* of the error, 0 with a result */
	const char *message; /* of the error; borrowed */
	int error; /* GYRE__RPC_APPLICATION's negative errno, 0 with others */
};

/* On the control's thread, never from inside gyre__request_start(); the request is gone
 * afterwards. It may start and abandon other requests. */
typedef void gyre__request_done_fn(void *arg, const struct gyre__answer *answer);

/* Who asks. */
struct gyre__asker {
	bool read_only; /* may ask what changes nothing */
	struct gyre__client *client; /* of the socket, for subscriptions; else NULL */
	gyre__request_done_fn *done;
	void *arg;
};

/* Asks; takes over the reference to `params` (NULL: none; an object, else that is the answer's
 * error). Whatever is wrong is answered, too. NULL: no memory, and params are released. */
struct gyre__request *gyre__request_start(struct gyre_control *control, const char *method,
	json_t *params, const struct gyre__asker *asker);
/* Its client is gone: done is not called, and the request is gone at once. */
void gyre__request_abandon(struct gyre__request *request);

/* Makes params of text, as a query has it: sets `name` in `params`, as the JSON of the type that
 * the method's parameter has; true, false, 1 and 0 are bools. A method or a parameter that is not
 * known makes a string, for gyre__request_start() to refuse. Returns 0, -EINVAL (the text is not of
 * that type, or no UTF-8) or -ENOMEM. */
int gyre__request_param(struct gyre_control *control, const char *method, json_t *params,
	const char *name, const char *text);

/* A reading of a loop, shared: borrowed during the call. */
struct gyre__reading {
	char loop[32]; /* its name */
	const struct gyre_snapshot *snapshot; /* NULL: it did not answer in time */
};

struct gyre__readings;
typedef void gyre__readings_fn(void *arg, const struct gyre__reading *const *readings, unsigned n);

/* Reads every loop, stacks' high-water marks too; called back as a request is, also with n 0.
 * NULL: no memory. Abandoning it as a request. */
struct gyre__readings *gyre__readings_start(
	struct gyre_control *control, gyre__readings_fn *done, void *arg);
void gyre__readings_abandon(struct gyre__readings *readings);

#endif
