/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop on a thread of its own. Owns the thread from its start to the join, and the claim on the
 * loop until its run is over. Called by the host; calls pthreads and loop.c. Invariant: a start
 * that fails leaves neither a thread nor a claim; a stop ends the run that it was meant for, and no
 * later one.
 */
#include <gyre/thread.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "loop.h"

struct gyre_thread {
	struct gyre__loop *loop;
	struct gyre_thread_options options;
	struct gyre_thread **ret_thread; /* the starter's */
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed; /* entered, and then started */
	pthread_t id; /* the thread's own word: known once it has entered or failed */
	bool entered, started, ended, stopping; /* started: the starter touches nothing any more */
	int enter_status; /* what enter() returned, once it has */
	int run_status; /* what the loop's run returned, once it has ended */
};

void gyre_thread_options_init(struct gyre_thread_options *options, size_t size)
{
	static const struct gyre_thread_options defaults = {.size = sizeof(defaults), .cpu = -1};

	gyre__options_init(options, size, &defaults, sizeof(defaults));
}

/* --- The new thread --- */

static void set_name(const struct gyre_thread *thread)
{
	const char *name = thread->options.name;
	char cut[16] = "";

	memcpy(cut, name, strnlen(name, sizeof(cut) - 1));
	pthread_setname_np(pthread_self(), cut);
}

/* The loop's first turn may look for the thread where the starter wants it. */
static int enter(struct gyre_thread *thread)
{
	int status = thread->options.enter ? thread->options.enter(thread->options.arg) : 0;

	pthread_mutex_lock(&thread->lock);
	if (status >= 0)
		*thread->ret_thread = thread;
	thread->id = pthread_self();
	thread->enter_status = status;
	thread->entered = true;
	pthread_cond_broadcast(&thread->changed);
	pthread_mutex_unlock(&thread->lock);
	return status;
}

/* A stop that came too late is not for the next run. */
static void end(struct gyre_thread *thread, int status)
{
	pthread_mutex_lock(&thread->lock);
	thread->run_status = status;
	thread->ended = true;
	if (thread->stopping)
		atomic_store(&thread->loop->stopping, false);
	gyre__loop_unclaim(thread->loop);
	pthread_mutex_unlock(&thread->lock);
}

static void *thread_main(void *arg)
{
	struct gyre_thread *thread = arg;

	set_name(thread);
	if (enter(thread) < 0)
		return NULL;
	end(thread, gyre__loop_run_claimed(thread->loop, GYRE_RUN_DEFAULT));
	if (thread->options.leave)
		thread->options.leave(thread->options.arg);
	return NULL;
}

/* --- Start --- */

static int check(struct gyre_loop *loop, const struct gyre_thread_options *given,
	struct gyre_thread **ret_thread, struct gyre_thread_options *options)
{
	struct gyre_error *error = given && given->size >= sizeof(*given) ? given->error : NULL;
	int status;

	gyre_thread_options_init(options, sizeof(*options));
	status = gyre__options_copy(
		options, sizeof(*options), given, sizeof(*options), "gyre_thread_options", error);
	if (status < 0)
		return status;
	if (!loop || !ret_thread)
		return gyre__error_set(error, -EINVAL, "gyre_thread_start: %s is NULL",
			loop ? "ret_thread" : "loop");
	if (!options->name)
		options->name = gyre_loop_name(loop);
	if (options->cpu < -1 || options->cpu >= CPU_SETSIZE)
		return gyre__error_set(error, -EINVAL, "thread '%s': cpu %d is not from -1 to %d",
			options->name, options->cpu, CPU_SETSIZE - 1);
	return 0;
}

/* The host's handlers are to run on the host's threads. A fault's signal that is blocked kills
 * without asking the handler. */
static void block_signals(sigset_t *ret_before)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
	sigset_t all;

	sigfillset(&all);
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		sigdelset(&all, faults[i]);
	pthread_sigmask(SIG_SETMASK, &all, ret_before);
}

static int create(struct gyre_thread *thread)
{
	struct gyre_thread_options *options = &thread->options;
	pthread_attr_t attr;
	sigset_t before;
	cpu_set_t cpus;
	pthread_t id;
	int err = pthread_attr_init(&attr);

	if (err == 0 && options->cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET(options->cpu, &cpus);
		err = pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	}
	if (err)
		return gyre__error_set(
			options->error, -err, "thread '%s': no memory", options->name);
	block_signals(&before);
	err = pthread_create(&id, &attr, thread_main, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (err == EINVAL)
		return gyre__error_set(options->error, -err,
			"thread '%s': cpu %d is not one that this process may run on",
			options->name, options->cpu);
	if (err)
		return gyre__error_set(options->error, -err,
			"thread '%s': there is no room for another thread: %s", options->name,
			strerror(err));
	return 0;
}

static int await_enter(struct gyre_thread *thread)
{
	int status;

	pthread_mutex_lock(&thread->lock);
	while (!thread->entered)
		pthread_cond_wait(&thread->changed, &thread->lock);
	status = thread->enter_status;
	thread->started = true;
	pthread_cond_broadcast(&thread->changed);
	pthread_mutex_unlock(&thread->lock);
	if (status >= 0)
		return 0;
	pthread_join(thread->id, NULL);
	return gyre__error_set(thread->options.error, status, "thread '%s': enter() failed: %s",
		thread->options.name, strerror(-status));
}

static struct gyre_thread *make(struct gyre__loop *loop, const struct gyre_thread_options *options)
{
	struct gyre_thread *thread = calloc(1, sizeof(*thread));

	if (!thread)
		return NULL;
	thread->loop = loop;
	thread->options = *options;
	pthread_mutex_init(&thread->lock, NULL);
	pthread_cond_init(&thread->changed, NULL);
	return thread;
}

static void release(struct gyre_thread *thread)
{
	pthread_cond_destroy(&thread->changed);
	pthread_mutex_destroy(&thread->lock);
	free(thread);
}

int gyre_thread_start(struct gyre_loop *loop, const struct gyre_thread_options *given,
	struct gyre_thread **ret_thread)
{
	struct gyre_thread_options options;
	struct gyre_thread *thread;
	int status = check(loop, given, ret_thread, &options);

	if (status < 0)
		return status;
	thread = make(gyre__loop_of(loop), &options);
	if (!thread)
		return gyre__error_set(
			options.error, -ENOMEM, "thread '%s': no memory", options.name);
	thread->ret_thread = ret_thread;
	status = gyre__loop_claim(thread->loop);
	if (status < 0) {
		gyre__error_set(options.error, status, "thread '%s': loop '%s' runs already",
			options.name, gyre_loop_name(loop));
		goto fail;
	}
	status = create(thread);
	if (status == 0)
		status = await_enter(thread);
	if (status == 0)
		return 0;
	gyre__loop_unclaim(thread->loop);
fail:
	release(thread);
	return status;
}

/* --- Stop, join --- */

void gyre_thread_stop(struct gyre_thread *thread)
{
	pthread_mutex_lock(&thread->lock);
	if (!thread->ended) {
		thread->stopping = true;
		gyre_loop_stop(&thread->loop->hub);
	}
	pthread_mutex_unlock(&thread->lock);
}

int gyre_thread_join(struct gyre_thread *thread, int *ret_status)
{
	int err;

	if (!thread)
		return -EINVAL;
	if (pthread_equal(pthread_self(), thread->id))
		return -EDEADLK;
	err = pthread_join(thread->id, NULL);
	if (err) /* EDEADLK again: that thread joins this one */
		return -err;
	/* Whoever is in gyre_thread_start() or _stop() still leaves it first. */
	pthread_mutex_lock(&thread->lock);
	while (!thread->started)
		pthread_cond_wait(&thread->changed, &thread->lock);
	if (ret_status)
		*ret_status = thread->run_status;
	pthread_mutex_unlock(&thread->lock);
	release(thread);
	return 0;
}
