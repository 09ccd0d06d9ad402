/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ways from one thread into another that are compared: gyre's post, its signal to a process, a
 * post to a loop inside a host's; a bare eventfd and epoll, libuv's async, a word that is polled.
 * Each owns its receiver. Called by loop_reach.c. Invariant: a way is open or closed, and what was
 * sent is received before the next is sent.
 */
#include "loop.h"

#include <gyre.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#ifdef HAVE_UV
#include <uv.h>
#endif

/* --- gyre --- */

static struct gyre_loop *loop;
static struct gyre_node_id input;
static struct gyre_process_id process;

static unsigned poll_nothing(struct gyre_node *node, unsigned max)
{
	(void)node;
	(void)max;
	return 0;
}

static const struct gyre_node_class input_class = {
	.name = "input", .kind = GYRE_NODE_INPUT, .poll = poll_nothing};

static void arrive(void)
{
	if (loop_arrived())
		gyre_loop_stop(loop);
}

static void gyre_open(void)
{
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;

	options.disabled = true;
	bench_check(gyre_loop_create(NULL, &loop), "gyre_loop_create");
	bench_check(gyre_node_add(loop, &input_class, "input", &options, &input), "input");
	gyre_loop_ref(loop); /* it sleeps, and does not end */
}

static void gyre_close(void)
{
	gyre_loop_destroy(loop);
}

static void gyre_receive(unsigned count, bool busy)
{
	(void)count;
	bench_check(busy ? gyre_node_enable(loop, input) : gyre_node_disable(loop, input), "input");
	bench_check(gyre_loop_run(loop, GYRE_RUN_DEFAULT), "gyre_loop_run");
}

static void on_post(struct gyre_post *post)
{
	(void)post;
	arrive();
}

static void gyre_send_post(void)
{
	static struct gyre_post post = {.fn = on_post};

	gyre_loop_post(loop, &post);
}

const struct loop_way loop_post = {"gyre", gyre_open, gyre_close, gyre_receive, gyre_send_post};

static int wait_signals(struct gyre_process *self, void *arg)
{
	uint32_t events;

	(void)arg;
	while (gyre_process_wait(self, 1, GYRE_FOREVER, &events) >= 0)
		arrive();
	return 0;
}

static void signal_open(void)
{
	gyre_open();
	bench_check(gyre_process_spawn(loop, wait_signals, NULL, NULL, &process), "a process");
}

static void gyre_send_signal(void)
{
	gyre_process_signal(process, 1);
}

const struct loop_way loop_signal = {
	"gyre", signal_open, gyre_close, gyre_receive, gyre_send_signal};

static void watch(int epoll_fd, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	bench_check(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

/* In a host, asleep alone. */
static struct gyre_loop *hosted;
static int host_fd;
static bool last;

static void on_hosted(struct gyre_post *post)
{
	(void)post;
	last = loop_arrived();
}

static void hosted_open(void)
{
	bench_check(gyre_loop_create(NULL, &hosted), "gyre_loop_create");
	host_fd = epoll_create1(EPOLL_CLOEXEC);
	watch(host_fd, gyre_loop_fd(hosted));
}

static void hosted_close(void)
{
	close(host_fd);
	gyre_loop_destroy(hosted);
}

static void hosted_receive(unsigned count, bool busy)
{
	struct gyre_slice slice = {.turns = 64, .nsec = GYRE_USEC(100)};
	struct epoll_event event;

	(void)count;
	(void)busy;
	for (last = false; !last;) {
		bool work = gyre_loop_prepare(hosted, NULL);

		slice.fd_ready = epoll_wait(host_fd, &event, 1, work ? 0 : -1) == 1;
		if (work || slice.fd_ready)
			gyre_loop_run_slice(hosted, &slice);
	}
}

static void hosted_send(void)
{
	static struct gyre_post post = {.fn = on_hosted};

	gyre_loop_post(hosted, &post);
}

const struct loop_way loop_hosted = {
	"gyre-hosted", hosted_open, hosted_close, hosted_receive, hosted_send};

/* --- A bare eventfd --- */

static int event_fd, epoll_fd;

static void eventfd_open(void)
{
	event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	watch(epoll_fd, event_fd);
}

static void eventfd_close(void)
{
	close(epoll_fd);
	close(event_fd);
}

static void eventfd_receive(unsigned count, bool busy)
{
	struct epoll_event event;
	uint64_t value;

	while (count > 0) {
		if (epoll_wait(epoll_fd, &event, 1, busy ? 0 : -1) != 1 ||
			read(event_fd, &value, sizeof(value)) != sizeof(value))
			continue;
		loop_arrived();
		count--;
	}
}

static void eventfd_send(void)
{
	static const uint64_t one = 1;

	bench_check(write(event_fd, &one, sizeof(one)) > 0 ? 0 : -1, "eventfd");
}

const struct loop_way loop_eventfd = {
	"eventfd", eventfd_open, eventfd_close, eventfd_receive, eventfd_send};

/* --- A word --- */

static _Atomic(bool) word;

static void word_nothing(void)
{
}

static void word_receive(unsigned count, bool busy)
{
	(void)busy;
	while (count > 0) {
		if (!atomic_load_explicit(&word, memory_order_acquire))
			continue;
		atomic_store_explicit(&word, false, memory_order_relaxed);
		loop_arrived();
		count--;
	}
}

static void word_send(void)
{
	atomic_store_explicit(&word, true, memory_order_release);
}

const struct loop_way loop_word = {"word", word_nothing, word_nothing, word_receive, word_send};

/* --- libuv --- */

#ifdef HAVE_UV

static uv_loop_t uv;
static uv_async_t async;
static uv_idle_t idle;

static void on_async(uv_async_t *handle)
{
	(void)handle;
	if (loop_arrived())
		uv_stop(&uv);
}

static void on_idle(uv_idle_t *handle)
{
	(void)handle;
}

static void uv_open(void)
{
	bench_check(uv_loop_init(&uv), "uv_loop_init");
	bench_check(uv_async_init(&uv, &async, on_async), "uv_async_init");
	bench_check(uv_idle_init(&uv, &idle), "uv_idle_init");
}

static void uv_close_all(void)
{
	uv_close((uv_handle_t *)&async, NULL);
	uv_close((uv_handle_t *)&idle, NULL);
	uv_run(&uv, UV_RUN_DEFAULT);
	bench_check(uv_loop_close(&uv), "uv_loop_close");
}

static void uv_receive(unsigned count, bool busy)
{
	(void)count;
	if (busy)
		uv_idle_start(&idle, on_idle);
	else
		uv_idle_stop(&idle);
	uv_run(&uv, UV_RUN_DEFAULT);
}

static void uv_send(void)
{
	uv_async_send(&async);
}

const struct loop_way loop_uv = {"libuv", uv_open, uv_close_all, uv_receive, uv_send};

#endif
