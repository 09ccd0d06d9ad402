/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop on a thread of its own, with packets, processes and a link, served by a control; and
 * clients of its socket. Items are counted from birth to end.
 */
#ifndef GYRE_TESTS_CONTROL_RIG_H
#define GYRE_TESTS_CONTROL_RIG_H

#include <gyre.h>
#include <gyre/control.h>
#include <jansson.h>
#include <stdatomic.h>

/* source (input, disabled at first) -> filter, which drops every fourth -> sink. */
struct rig {
	char path[64];
	struct gyre_loop_options loop_options;
	struct gyre_control_options options; /* to be changed between init and open */
	struct gyre_loop *loop;
	struct gyre_thread *thread; /* NULL: the loop does not run */
	struct gyre_control *control;
	struct gyre_link link;
	_Atomic(uint64_t) born, ended, released; /* items: brought, kept by the sink, released */
	_Atomic(uint32_t) signalled; /* bits that the process "waiter" got */
	struct gyre_process_id waiter;
};

void rig_init(struct rig *rig, const char *name);
/* Makes everything, and lets it run. */
void rig_open(struct rig *rig);
/* The loop's thread begins, and ends. */
void rig_start(struct rig *rig);
void rig_stop(struct rig *rig);
/* Ends everything; asserts that no item was lost or doubled. */
void rig_close(struct rig *rig);

/* A control without loops on a uv loop that the test runs, at rig->path. */
void rig_open_host(struct rig *rig, struct uv_loop_s *uv);
void rig_close_host(struct rig *rig, struct uv_loop_s *uv);
/* The lines that have come, taken away; returns at once. */
unsigned rig_count_lines(int fd);

/* A connected socket. */
int rig_connect(const struct rig *rig);
void rig_send(int fd, const char *text);
/* The next line as JSON, the caller's; NULL: the end. Waits for at most 20 s. */
json_t *rig_receive(int fd);
/* The next line has to be this JSON. */
void rig_expect(int fd, const char *json);
/* Asks a method and takes its result, which must be one. `params` is JSON, or NULL. */
json_t *rig_ask(int fd, const char *method, const char *params);
/* The same for an error: returns its code, and the message in *ret_message, if not NULL. */
int rig_ask_error(int fd, const char *method, const char *params, char ret_message[256]);
/* The element of an array whose "name" that is; NULL: none. */
json_t *rig_find(json_t *array, const char *name);
int64_t rig_integer(json_t *object, const char *key);
const char *rig_text(json_t *object, const char *key);
/* Waits until what `asked` gives is true, at most 20 s. */
void rig_until(bool (*is_so)(void *arg), void *arg);

#endif
