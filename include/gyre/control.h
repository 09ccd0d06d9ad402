/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control.h: look at loops and command them while they run: JSON-RPC over a Unix socket, and HTTP.
 *
 * A control serves any number of loops, from a thread of its own or on a host's uv_loop_t. It never
 * locks or blocks a loop: what it shows are readings that the loop copies in bounded chunks
 * (snapshot.h), what it changes is done in a process on the loop, and both are bounded, so that
 * clients cost a loop little however many ask. docs/control.md describes what clients see.
 */
#ifndef GYRE_CONTROL_H
#define GYRE_CONTROL_H

#include <gyre/loop.h>
#include <gyre/process.h>

struct json_t; /* jansson.h */
struct uv_loop_s; /* uv.h */

GYRE_BEGIN_DECLS

struct gyre_control;

struct gyre_control_options {
	size_t size;
	struct uv_loop_s *uv; /* the host's: everything happens on its thread, and it stays alive
				 until gyre_control_close(). NULL: a loop and a thread of our own */
	const char *path; /* of the Unix stream socket. NULL or "": none */
	unsigned mode; /* of the socket, at most 0777. 0660 */
	const char *group; /* owns the socket, and its members may connect; name or number. NULL:
			      as the file system makes it; only root and the own user may connect,
			      or everybody where the mode lets others write */
	const char *http; /* "127.0.0.1:9100", "[::1]:0", "localhost:80" or "unix:/path": serves
			     HTTP, read-only, there; sets libmicrohttpd's panic function, of
			     which a process has one. NULL or "": none */
	unsigned clients_max; /* connected to the socket, 1 to 65536; as many by HTTP. 64 */
	size_t request_max; /* bytes of a request's line, >= 256. 64 KiB */
	unsigned depth_max; /* of arrays and objects in a request, 1 to 1024. 16 */
	size_t output_max; /* bytes that wait for a client that does not read them, >= 4096.
			      1 MiB */
	uint64_t idle_nsec; /* a client that asks nothing for so long, and is subscribed to nothing,
			       is disconnected; 0: never. 5 min */
	uint64_t deadline_nsec; /* for a loop's answer, >= 1 ms. 2 s */
	uint64_t reading_nsec; /* a reading of a loop that is no older answers again, at most 1 h;
				  below 4 ms, one begins each millisecond at most. 10 ms */
	gyre_log_fn *log; /* on the control's thread. NULL: no log */
	void *log_arg;
	struct gyre_error *error; /* text of a failed create. NULL */
};

/* Fills *options with the defaults. Any thread. */
GYRE_API void gyre_control_options_init(struct gyre_control_options *options, size_t size);

static inline struct gyre_control_options gyre__control_options_default(void)
{
	struct gyre_control_options options;

	gyre_control_options_init(&options, sizeof(options));
	return options;
}
#define GYRE_CONTROL_OPTIONS_INIT gyre__control_options_default()

/* Opens the socket and the HTTP server and begins to serve; `options` is copied. A stale socket
 * file of a server that is gone is replaced. The caller owns the control. With options->uv: on that
 * loop's thread; else on any. Errors, text in options->error: -EINVAL (an option is out of range;
 * no such group; an address for HTTP that is not this host's own), -E2BIG, -EADDRINUSE (a server
 * answers at the path or the address, or the path is no socket), -ENAMETOOLONG (path over 107
 * bytes), -EPERM, -EACCES, -ENOENT and the like (the path, the group), -EMFILE, -ENFILE, -ENOMEM,
 * -EAGAIN (no thread). On a host's loop a failed create may leave handles that are closing, which
 * that loop's next turn lets go. */
GYRE_API int gyre_control_create(
	const struct gyre_control_options *options, struct gyre_control **ret_control);

/* Closes everything, answers nobody any more, cancels what still runs on the loops, forgets them
 * and frees the control. On a thread of its own: returns when all that is done; any thread but a
 * loop's callbacks. On a host's uv loop: as gyre_control_close() without fn. NULL is fine. */
GYRE_API void gyre_control_destroy(struct gyre_control *control);
/* The same by libuv's rules: on the host's uv loop's thread, returns at once, and fn(arg) is called
 * from that loop when all handles are closed and the control is freed; the host goes on running it
 * until then. fn may be NULL. With a thread of our own: destroys, then calls fn. */
GYRE_API void gyre_control_close(struct gyre_control *control, void (*fn)(void *arg), void *arg);

/* The port of the HTTP server, for an address with port 0; 0 without one. Any thread. */
GYRE_API uint16_t gyre_control_http_port(const struct gyre_control *control);

/* Serves a loop, under its name, from now on. On the loop's thread, or before it runs; the control
 * may be on any other or the same. Does not suspend, and waits for nobody. `error` may be NULL.
 * Errors: -EEXIST (a loop of that name is served), -EINVAL (no loop), -ENOMEM. */
GYRE_API int gyre_control_loop_add(
	struct gyre_control *control, struct gyre_loop *loop, struct gyre_error *error);
/* Forgets a loop, and with it its methods: what waits for it is answered with an error, what runs
 * on it is cancelled. Before the loop is destroyed; on the loop's thread or after its last run.
 * Does not suspend, and waits for nobody. Errors: -ENOENT (not served). */
GYRE_API int gyre_control_loop_del(struct gyre_control *control, struct gyre_loop *loop);

/* --- Methods of the application --- */

enum gyre_param_type {
	GYRE_PARAM_BOOL,
	GYRE_PARAM_INTEGER,
	GYRE_PARAM_NUMBER, /* an integer will do */
	GYRE_PARAM_STRING,
	GYRE_PARAM_ANY, /* any JSON */
};

struct gyre_control_param {
	const char *name;
	enum gyre_param_type type;
	bool required;
	int64_t min, max; /* of a number, or of a string's bytes; 0 and 0: any */
	const char *help;
};

/* One call of a method, borrowed by its function until that returns. */
struct gyre_control_call;

/* Answers a call: in a daemon process of its own on the loop, where it may suspend. Cancelled when
 * the client has been told that the deadline is over, and when the loop is forgotten. Returns 0, or
 * a negative errno, which answers with an error. */
typedef int gyre_control_fn(struct gyre_process *self, struct gyre_control_call *call, void *arg);

struct gyre_control_method {
	const char *name; /* "app.verb": letters, digits, '_' and '-', with a dot inside */
	const char *help; /* a line for people; may be NULL */
	const struct gyre_control_param *params; /* named ones, checked before the call */
	unsigned n_params;
	gyre_control_fn *fn;
};

/* Adds a method to a served loop, until that is forgotten; names and params are borrowed, and
 * outlive it, as does `arg` every call. Two loops may have methods of one name: clients say which
 * by "loop", which no parameter may be called therefore. Thread as gyre_control_loop_add(). Errors:
 * -EEXIST (the loop has it), -ENOENT (the loop is not served), -EINVAL (name, params, no fn),
 * -ENOMEM. */
GYRE_API int gyre_control_method_add(struct gyre_control *control, struct gyre_loop *loop,
	const struct gyre_control_method *method, void *arg);

/* A parameter of a call, as its spec says it is; what was left out is false, 0 or NULL. Strings are
 * good until fn returns. */
GYRE_API bool gyre_control_call_bool(const struct gyre_control_call *call, const char *name);
GYRE_API int64_t gyre_control_call_integer(const struct gyre_control_call *call, const char *name);
GYRE_API double gyre_control_call_number(const struct gyre_control_call *call, const char *name);
GYRE_API const char *gyre_control_call_string(
	const struct gyre_control_call *call, const char *name);
/* The same as JSON, borrowed; NULL: left out. */
GYRE_API struct json_t *gyre_control_call_param(
	const struct gyre_control_call *call, const char *name);
/* The answer: takes the reference, and the value must be nobody else's from then on, for another
 * thread writes it out. A later one replaces it; without one the answer is {}. */
GYRE_API void gyre_control_call_result(struct gyre_control_call *call, struct json_t *result);
/* The text of the error that fn is about to return. */
GYRE_API void gyre_control_call_error(struct gyre_control_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

GYRE_END_DECLS

#endif
