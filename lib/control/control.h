/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole of a control, and what the files of this room call of control.c. All of it belongs to
 * the control's thread, the one that runs its uv loop; what the loops' threads touch, too, says so.
 */
#ifndef GYRE_LIB_CONTROL_CONTROL_H
#define GYRE_LIB_CONTROL_CONTROL_H

#include <gyre/control.h>
#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

#include "control/question.h"

struct gyre__http;
struct gyre__socket;

struct gyre_control {
	struct gyre_control_options options; /* strings are ours; error is NULL */
	uv_loop_t *uv; /* the host's, or own_uv */
	uv_loop_t own_uv;
	pthread_t thread; /* of own_uv */
	uint64_t started; /* uv_hrtime() */
	uv_async_t wake; /* from other threads */
	atomic_bool stopping; /* the thread is to close everything */

	/* Every uv handle of every file is counted from its init to its close callback: the last
	 * one frees the control. */
	unsigned handles;
	bool closing;
	void (*closed_fn)(void *arg);
	void *closed_arg;

	/* Guards the loops that are served; held for no longer than it takes to post something. */
	pthread_mutex_t lock;
	struct gyre__served_list served, gone; /* loops.c */
	struct gyre__port *port; /* command.c */
	struct gyre__request_list waiting, ready, answered; /* request.c */
	uv_timer_t alarm; /* when something of the above is due */

	struct gyre__socket *socket; /* socket.c; NULL without */
	struct gyre__http *http; /* http.c; NULL without */
};

/* A uv handle was initialized; its close callback was called, after which the control may be gone.
 */
void gyre__control_hold(struct gyre_control *control);
void gyre__control_release(struct gyre_control *control);

/* Gives one line to the control's log callback, if there is one. */
void gyre__control_log(const struct gyre_control *control, enum gyre_log_level level,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
