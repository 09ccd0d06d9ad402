/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_METHOD_H
#define GYRE_LIB_CONTROL_METHOD_H

#include <gyre/control.h>
#include <jansson.h>

struct gyre__request;

/* What a method has to have before it can answer. */
enum gyre__need {
	GYRE__NEED_NOTHING,
	GYRE__NEED_LOOP, /* to be served, no more */
	GYRE__NEED_READING, /* of one loop */
	GYRE__NEED_STACKS, /* the same with stacks' high-water marks */
	GYRE__NEED_NEW, /* the same as it is from now on, without stacks */
	GYRE__NEED_ALL, /* readings of all loops */
};

/* A method of ours; const tables of these end with a NULL name. */
struct gyre__method {
	const char *name, *help;
	const struct gyre_control_param *params; /* loop, too */
	unsigned n_params;
	const char *choice; /* a parameter whose value is one of choices, which end with NULL */
	const char *const *choices;
	bool read_only;
	enum gyre__need need;
	/* On the control's thread, with what it needs: gives a result or an error, or, before a
	 * command, none of both. NULL: nothing to do. */
	void (*prepare)(struct gyre__request *request);
	/* In a process on the loop, after prepare; NULL: no command. */
	gyre_control_fn *fn;
	/* On the control's thread, after fn has returned 0. */
	void (*build)(struct gyre__request *request);
};

#define GYRE__LOOP_PARAM                                                \
	{                                                               \
		.name = "loop", .type = GYRE_PARAM_STRING,              \
		.help = "which one; may be left out where there is one" \
	}

extern const struct gyre__method gyre__loop_methods[], gyre__runtime_methods[],
	gyre__graph_methods[], gyre__process_methods[], gyre__subscribe_methods[];

/* NULL: none of ours. */
const struct gyre__method *gyre__method_find(const char *name);
/* Steps through ours: *table and *i from 0. NULL at the end. */
const struct gyre__method *gyre__method_next(unsigned *table, unsigned *i);
/* What stands for a method of the application. */
extern const struct gyre__method gyre__app_call;

/* Checks an object by a method's specs. Returns 0, or -EINVAL with a text in message that begins
 * with the parameter's name. `loop` is taken whatever the specs say where may_loop. */
int gyre__params_check(const struct gyre_control_param *specs, unsigned n_specs, bool may_loop,
	json_t *params, char message[256]);
int gyre__choice_check(const struct gyre__method *method, json_t *params, char message[256]);
/* "boolean" and so on. */
const char *gyre__param_type_name(enum gyre_param_type type);

#endif
