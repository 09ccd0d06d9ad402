/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: the turn, and the life of a loop around it. READ THIS FIRST: the only place that knows
 * the order of things. Owns everything that a loop has; calls the rooms sched and graph, which do
 * not know each other. Invariant: whatever is busy, each phase of a turn ends within its budget, so
 * that packets, timers, processes, posts and fds all get their share; and a loop with work does not
 * sleep.
 */
#include "loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/error.h"
#include "base/log.h"
#include "graph/graph.h"
#include "sched/sched.h"

#define DESTROY_ROUNDS 1000 /* resumes, and rounds of posts, that destroy gives the rest */

/* --- The turn --- */

uint64_t gyre__loop_next_work(const struct gyre__loop *loop)
{
	const struct gyre_loop *hub = &loop->hub;
	uint64_t timer, process;

	if (gyre__graph_pending(hub->graph) || loop->injection.count ||
		gyre__sched_ready(hub->sched) || gyre__post_pending(&hub->posts))
		return 0;
	timer = gyre__wheel_deadline(hub->wheel);
	process = gyre__sched_deadline(hub->sched);
	return timer < process ? timer : process;
}

/* Tells it that the loop has work: time stands until it is idle again. */
static void awake_virtually(struct gyre__loop *loop)
{
	struct gyre_clock *clock = loop->hub.clock;

	if (clock->is_virtual)
		clock->is_virtual->awake(clock, &loop->hub);
}

uint64_t gyre__loop_time_until(const struct gyre__loop *loop, uint64_t work)
{
	uint64_t now;

	/* Whatever ends the sleep of a loop in virtual time kicks its postbox, time itself too. */
	if (work == GYRE_FOREVER || loop->hub.clock->is_virtual)
		return GYRE_FOREVER;
	now = gyre__clock_read(loop->hub.clock);
	return work > now ? work - now : 0;
}

/* At the fds; nothing when there can be nothing. */
static unsigned look(struct gyre__loop *loop, uint64_t timeout)
{
	bool wanted = loop->fd_ready || (loop->watches.n && !loop->slicing);

	loop->fd_ready = false;
	loop->hub.clock_at = 0;
	return timeout || wanted ? gyre__watches_poll(loop, timeout) : 0;
}

/* A busy loop's: every so many turns. */
static unsigned look_now_and_then(struct gyre__loop *loop)
{
	if (++loop->watches.unpolled < loop->options.poll_interval && !loop->fd_ready)
		return 0;
	loop->watches.unpolled = 0;
	gyre__clock_anchor(loop->hub.clock);
	return look(loop, 0);
}

/* An idle loop's: asleep until there is work, if it may. It says that it sleeps before it looks for
 * the last time whether it should: who brings work from then on kicks it. */
static unsigned sleep_in_epoll(struct gyre__loop *loop, uint64_t work, bool may_sleep)
{
	bool sleeps = may_sleep && gyre__post_sleep(&loop->hub.posts);
	bool posted = may_sleep && !sleeps;
	uint64_t timeout = 0;
	unsigned called;

	if (!posted && !gyre__loop_idle_virtually(loop, work) && sleeps &&
		!atomic_load(&loop->stopping))
		timeout = gyre__loop_time_until(loop, work);
	gyre__clock_anchor(loop->hub.clock);
	loop->stats.sleeps += timeout > 0;
	called = look(loop, timeout);
	if (sleeps)
		gyre__post_awake(&loop->hub.posts);
	return called;
}

/* A loop that polls does not sleep; in virtual time it is idle when every input was polled empty.
 */
static void poll_virtually(struct gyre__loop *loop)
{
	uint64_t work = gyre__loop_next_work(loop);

	if (work > loop->hub.now && !loop->worked)
		gyre__loop_idle_virtually(loop, work);
	else
		awake_virtually(loop);
}

static unsigned wait_for_fds(struct gyre__loop *loop, bool may_sleep)
{
	if (gyre__graph_inputs(loop->hub.graph)) {
		if (loop->hub.clock->is_virtual)
			poll_virtually(loop);
	} else {
		uint64_t work = gyre__loop_next_work(loop);

		if (work > loop->hub.now)
			return sleep_in_epoll(loop, work, may_sleep);
		awake_virtually(loop);
	}
	return look_now_and_then(loop);
}

/* What has nothing to do is not called, but for the graph, which finds out itself: an idle turn is
 * short. */
static void turn(struct gyre__loop *loop, bool may_sleep)
{
	struct gyre_loop *hub = &loop->hub;
	const struct gyre_loop_options *options = &loop->options;
	unsigned fds, posts = 0, injected = 0, items, calls, timers, resumed = 0;

	fds = wait_for_fds(loop, may_sleep);
	hub->now = hub->clock_at ? hub->clock_at : gyre__clock_read(hub->clock);
	hub->clock_at = hub->now;
	if (gyre__post_pending(&hub->posts))
		posts = gyre__post_run(&hub->posts, options->post_budget);
	if (loop->injection.count && !gyre__graph_pending(hub->graph))
		injected = gyre__injection_enter(loop);
	calls = options->dispatch_budget -
		gyre__graph_sweep(hub->graph, options->dispatch_budget, &items);
	/* Judged by the clock read before the poll: a packet that waited already is seen before its
	 * timeout. */
	timers = gyre__wheel_expire(hub->wheel, hub->now, options->timer_budget);
	if (gyre__sched_wake(hub->sched, hub->now, options->timer_budget)) {
		if (posts | injected | items | calls || gyre__graph_inputs(hub->graph))
			hub->clock_at = 0;
		resumed = gyre__sched_run(hub->sched, options->process_budget);
	} else {
		hub->clock_at = 0;
	}

	loop->worked = fds | posts | injected | items | calls | timers | resumed;
	loop->stats.turns++;
	if (!loop->worked) {
		loop->stats.idle_turns++;
		return;
	}
	loop->stats.posts += posts;
	loop->stats.timers += timers;
	loop->stats.resumes += resumed;
}

/* --- Running --- */

static bool alive(const struct gyre__loop *loop)
{
	const struct gyre_loop *hub = &loop->hub;

	return loop->refs || loop->watches.n_refs || gyre__graph_inputs(hub->graph) ||
	       gyre__sched_counting(hub->sched) || gyre__graph_pending(hub->graph) ||
	       loop->injection.count || gyre__post_pending(&hub->posts);
}

static uint64_t involuntary_switches(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_nivcsw : 0;
}

static int build_if_changed(struct gyre__loop *loop)
{
	struct gyre_error error = {0, ""};
	int status = 0;

	if (gyre__graph_changed(loop->hub.graph))
		status = gyre_graph_build(&loop->hub, &error);
	if (status < 0)
		gyre__log(&loop->hub, GYRE_LOG_ERROR, "%s: %s", loop->hub.name, error.text);
	return status;
}

/* Processes start before the first poll. */
static void start_processes(struct gyre__loop *loop)
{
	if (loop->started)
		return;
	loop->started = true;
	loop->hub.now = gyre__clock_read(loop->hub.clock);
	loop->stats.resumes += gyre__sched_run(loop->hub.sched, loop->options.process_budget);
}

/* The default mode's accounts, too dear for a run of one turn: a system call each. */
static void begin_stay(struct gyre__loop *loop)
{
	loop->counts_switches = true;
	loop->switches_before = involuntary_switches();
}

static void end_stay(struct gyre__loop *loop)
{
	loop->counts_switches = false;
	loop->stats.involuntary_switches += involuntary_switches() - loop->switches_before;
	gyre__loop_rest_virtually(loop);
}

static int run(struct gyre__loop *loop, enum gyre_run_mode mode)
{
	int status = build_if_changed(loop);
	bool living;

	if (status < 0)
		return status;
	start_processes(loop);
	living = alive(loop);
	do {
		turn(loop, living && mode != GYRE_RUN_NOWAIT);
		living = alive(loop);
	} while (living && mode == GYRE_RUN_DEFAULT && !atomic_load(&loop->stopping));
	atomic_store(&loop->stopping, false);
	return living;
}

int gyre__loop_claim(struct gyre__loop *loop)
{
	return atomic_exchange(&loop->running, true) ? -EBUSY : 0;
}

void gyre__loop_unclaim(struct gyre__loop *loop)
{
	atomic_store(&loop->running, false);
}

/* The loop that was claimed is current from here on; returns the one that was before. */
static struct gyre_loop *enter(struct gyre__loop *loop)
{
	struct gyre_loop *before = gyre__loop_enter(&loop->hub);

	loop->hub.clock_at = 0;
	awake_virtually(loop);
	gyre__host_awake(loop);
	return before;
}

int gyre__loop_run_claimed(struct gyre__loop *loop, enum gyre_run_mode mode)
{
	struct gyre_loop *before = enter(loop);
	int status;

	if (mode == GYRE_RUN_DEFAULT)
		begin_stay(loop);
	status = run(loop, mode);
	if (mode == GYRE_RUN_DEFAULT)
		end_stay(loop);
	gyre__loop_enter(before);
	return status;
}

int gyre_loop_run(struct gyre_loop *public_loop, enum gyre_run_mode mode)
{
	struct gyre__loop *loop = gyre__loop_of(public_loop);
	int status;

	if (mode != GYRE_RUN_DEFAULT && mode != GYRE_RUN_ONCE && mode != GYRE_RUN_NOWAIT)
		return -EINVAL;
	status = gyre__loop_claim(loop);
	if (status < 0)
		return status;
	status = gyre__loop_run_claimed(loop, mode);
	gyre__loop_unclaim(loop);
	return status;
}

/* Whether the turn that was left more than waiting; no turn is spent on finding out. */
static bool more(const struct gyre__loop *loop)
{
	const struct gyre_loop *hub = &loop->hub;

	return !atomic_load(&loop->stopping) &&
	       (gyre__graph_inputs(hub->graph) || gyre__loop_next_work(loop) <= hub->now);
}

static int run_slice(struct gyre__loop *loop, const struct gyre_slice *slice)
{
	struct gyre_clock *clock = loop->hub.clock;
	uint64_t begin = gyre__clock_read(clock);
	int status = build_if_changed(loop);

	if (status < 0)
		return status;
	start_processes(loop);
	for (unsigned i = 0; i < slice->turns; i++) {
		turn(loop, false);
		if (!more(loop))
			break;
		if (slice->nsec && gyre__clock_read(clock) - begin >= slice->nsec)
			break;
	}
	atomic_store(&loop->stopping, false);
	return alive(loop);
}

int gyre_loop_run_slice(struct gyre_loop *public_loop, const struct gyre_slice *slice)
{
	struct gyre__loop *loop = gyre__loop_of(public_loop);
	struct gyre_loop *before;
	int status;

	if (!slice || !slice->turns)
		return -EINVAL;
	status = gyre__loop_claim(loop);
	if (status < 0)
		return status;
	before = enter(loop);
	loop->fd_ready = slice->fd_ready;
	loop->slicing = true;
	status = run_slice(loop, slice);
	loop->slicing = false;
	gyre__loop_enter(before);
	gyre__loop_unclaim(loop);
	return status;
}

int gyre_loop_alive(const struct gyre_loop *loop)
{
	return alive((const struct gyre__loop *)loop);
}

void gyre_loop_stop(struct gyre_loop *public_loop)
{
	struct gyre__loop *loop = gyre__loop_of(public_loop);

	atomic_store(&loop->stopping, true);
	gyre__post_kick(&loop->hub.posts);
}

void gyre_loop_ref(struct gyre_loop *loop)
{
	gyre__loop_of(loop)->refs++;
}

void gyre_loop_unref(struct gyre_loop *loop)
{
	if (gyre__loop_of(loop)->refs)
		gyre__loop_of(loop)->refs--;
}

void gyre_loop_stats_get(const struct gyre_loop *public_loop, struct gyre_loop_stats *ret_stats)
{
	const struct gyre__loop *loop = (const struct gyre__loop *)public_loop;

	*ret_stats = loop->stats;
	ret_stats->inject_dropped = loop->injection.dropped;
	if (loop->counts_switches && gyre__loop_is_mine(public_loop))
		ret_stats->involuntary_switches += involuntary_switches() - loop->switches_before;
}

/* --- Life --- */

static int init_clock(struct gyre__loop *loop)
{
	struct gyre_loop *hub = &loop->hub;
	int status = 0;

	if (!loop->options.clock)
		status = gyre__clock_create(&loop->own_clock);
	if (status < 0)
		return status;
	hub->clock = loop->options.clock ? loop->options.clock : loop->own_clock;
	if (hub->clock->is_virtual)
		status = hub->clock->is_virtual->join(hub->clock, hub);
	hub->now = gyre__clock_read(hub->clock);
	return status;
}

/* In the order in which one needs the other; what failed is named, and fini undoes the rest. */
static int init(struct gyre__loop *loop, const char **ret_what)
{
	struct gyre_loop *hub = &loop->hub;
	int status;

	*ret_what = "eventfd";
	if ((status = gyre__postbox_init(&hub->posts, hub)) < 0)
		return status;
	*ret_what = "epoll";
	if ((status = gyre__watches_init(loop)) < 0)
		return status;
	*ret_what = "clock";
	if ((status = init_clock(loop)) < 0)
		return status;
	*ret_what = "timing wheel";
	if ((status = gyre__wheel_create(hub->now, &hub->wheel)) < 0)
		return status;
	*ret_what = "scheduler";
	if ((status = gyre__sched_create(hub, &loop->options, &hub->sched)) < 0)
		return status;
	*ret_what = "graph";
	if ((status = gyre__graph_create(hub, &loop->options, &hub->graph)) < 0)
		return status;
	*ret_what = "injection ring";
	return gyre__injection_init(loop);
}

static void fini(struct gyre__loop *loop)
{
	struct gyre_loop *hub = &loop->hub;

	gyre__injection_fini(loop);
	gyre__graph_destroy(hub->graph);
	gyre__sched_destroy(hub->sched);
	gyre__wheel_destroy(hub->wheel);
	if (hub->clock && hub->clock->is_virtual)
		hub->clock->is_virtual->leave(hub->clock, hub);
	gyre__clock_free(loop->own_clock);
	gyre__host_fini(loop);
	gyre__watches_fini(loop);
	gyre__postbox_fini(&hub->posts);
	free(loop);
}

int gyre_loop_create(const struct gyre_loop_options *given, struct gyre_loop **ret_loop)
{
	struct gyre_loop_options options;
	struct gyre__loop *loop;
	const char *what;
	int status = gyre__loop_options_check(given, &options);

	if (status < 0)
		return status;
	loop = calloc(1, sizeof(*loop));
	if (!loop)
		return gyre__error_set(options.error, -ENOMEM, "no memory for a loop");
	loop->options = options;
	loop->hub.log = options.log;
	loop->hub.log_arg = options.log_arg;
	loop->hub.log_level = (int)options.log_level;
	snprintf(loop->hub.name, sizeof(loop->hub.name), "%s", options.name);
	loop->hub.posts.wake_fd = loop->watches.epoll_fd = loop->timer_fd = -1;
	status = init(loop, &what);
	if (status < 0) {
		fini(loop);
		return gyre__error_set(options.error, status,
			"cannot make the %s of loop '%s': error %d", what, options.name, -status);
	}
	*ret_loop = &loop->hub;
	return 0;
}

/* Lets processes clean up, and posts be heard, before everything goes. */
static void end_all(struct gyre__loop *loop)
{
	struct gyre_loop *hub = &loop->hub;

	loop->ending = true;
	hub->clock_at = 0;
	gyre__sched_cancel_all(hub->sched);
	for (int i = 0; i < DESTROY_ROUNDS; i++) {
		if (!gyre__sched_alive(hub->sched) && !gyre__post_pending(&hub->posts))
			break;
		hub->now = gyre__clock_read(hub->clock);
		gyre__post_run(&hub->posts, UINT32_MAX);
		gyre__sched_run(hub->sched, GYRE_FOREVER);
	}
}

int gyre_loop_destroy(struct gyre_loop *public_loop)
{
	struct gyre__loop *loop = gyre__loop_of(public_loop);
	struct gyre_loop *before;

	if (!loop)
		return 0;
	if (gyre__loop_claim(loop) < 0)
		return -EBUSY;
	before = gyre__loop_enter(public_loop);
	end_all(loop);
	fini(loop);
	gyre__loop_enter(before);
	return 0;
}
