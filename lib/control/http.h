/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server of a control. All of it belongs to the control's thread.
 */
#ifndef GYRE_LIB_CONTROL_HTTP_H
#define GYRE_LIB_CONTROL_HTTP_H

#include <gyre/control.h>
#include <microhttpd.h>
#include <sys/queue.h>
#include <uv.h>

#include "control/http_address.h"
#include "control/listen.h"
#include "control/metrics.h"

/* Serves HTTP at options.http, which is neither NULL nor empty, from the control's uv loop, which
 * does not run yet; sets control->http. On failure nothing of it is left but uv handles that are
 * closing. Errors: as gyre_control_create(). */
int gyre__http_create(struct gyre_control *control, struct gyre_error *error);
/* On the control's thread: closes it; its memory is gone when its handles are, which
 * gyre__control_release() counts. Nothing happens without one. */
void gyre__http_close(struct gyre_control *control);
/* Any thread. */
uint16_t gyre__http_port(const struct gyre_control *control);

/* A client's socket, which is libmicrohttpd's; until that has closed it. */
struct gyre__http_client {
	TAILQ_ENTRY(gyre__http_client) entry;
	int fd;
	ino_t inode; /* tells whether the fd is still this socket */
	uint64_t deadline; /* uv_now(), by which its present exchange is to be over */
	bool answering; /* that waits for us: a loop's answer has its own deadline */
};

struct gyre__http_exchange;

struct gyre__http {
	struct gyre_control *control;
	struct gyre__http_address address;
	struct gyre__listen listen; /* by TCP, too: the fd alone; -1: closed */
	bool checks_peer; /* of a path: who may ask, its group, too */
	struct MHD_Daemon *daemon;
	bool starved; /* no fd or memory to accept with: accepting pauses */
	bool broken; /* libmicrohttpd panicked: nothing of it may be touched */

	uv_poll_t listening, events;
	uv_timer_t timer, pause;
	unsigned handles; /* not closed yet: the last one frees */

	TAILQ_HEAD(, gyre__http_client) clients; /* the earliest deadline first */
	struct gyre__http_client *adding; /* handed to libmicrohttpd, which has not taken it */
	LIST_HEAD(, gyre__http_exchange) exchanges;
	struct gyre__http_counts counts;
};

/* What was suspended may go on: libmicrohttpd runs soon. */
void gyre__http_resume(struct gyre__http *http, struct MHD_Connection *connection);
/* A new exchange begins with a deadline of its own, when the last one is over; until then, its
 * client waits for us. */
void gyre__http_waits(struct gyre__http *http, struct MHD_Connection *connection, bool for_us);

#endif
