/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random schedules of events for a gyre loop inside a host: see the header. Owns the loop, three
 * threads and a watchdog. Called by the test of each adapter. Invariant: an event is seen exactly
 * once before the next schedule begins; what is wrong is remembered, and told on the main stack.
 */
#include "schedule.h"

#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

#define WORKERS  3
#define SLOTS    6
#define PLACES   8
#define BEGIN    (1u << SLOTS) /* beside the slots that are to be touched: the next schedule */
#define FAR      GYRE_SEC(100000)
#define BOUND    GYRE_SEC(2)
#define WATCHDOG 20 /* seconds without anything seen */

/* How an event comes to the loop. */
enum kind { TIMER, SHORTEN, POST, SIGNAL, FD, SPAWN, INJECT, KINDS };
/* Who does it: the round's beginning, a thread, or the host when a thread has written to its fd. */
enum by { BY_BEGIN, BY_THREAD, BY_HOST };

struct slot {
	enum kind kind;
	enum by by;
	unsigned place;
	uint64_t delay; /* of the thread */
	uint64_t timeout; /* of a timer */
	_Atomic uint64_t due; /* 0: not yet */
	bool waited_for;
	struct gyre_timer timer;
	struct gyre_post post;
	struct gyre_watch watch;
	int fd;
};

struct worker {
	pthread_t thread;
	sem_t wake;
	atomic_uint todo; /* slots */
};

static struct {
	const struct schedule_host *host;
	struct gyre_loop *loop;
	struct gyre_process_id listener;
	struct gyre_node_id sink, input;
	struct slot slots[SLOTS];
	struct worker workers[WORKERS];
	int host_fd;
	atomic_uint touches; /* slots, and BEGIN, that the host is to touch */
	unsigned at_place[PLACES];
	unsigned remaining;
	uint64_t seed, random;
	unsigned schedules;
	atomic_uint done;
	atomic_bool ended;
	char fault[160];
	uint64_t lateness[64], seen, worst; /* by powers of two */
} all;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return GYRE_SEC(t.tv_sec) + (uint64_t)t.tv_nsec;
}

/* xorshift64* */
static uint64_t draw(uint64_t below)
{
	all.random ^= all.random >> 12;
	all.random ^= all.random << 25;
	all.random ^= all.random >> 27;
	return (all.random * UINT64_C(2685821657736338717) >> 11) % below;
}

static void write_one(int fd)
{
	static const uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) < 0)
		abort();
}

static void wake_host(unsigned touches)
{
	atomic_fetch_or(&all.touches, touches);
	write_one(all.host_fd);
}

/* --- What is seen --- */

static void end(void)
{
	atomic_store(&all.ended, true);
	all.host->over();
}

static void fault(const struct slot *slot, const char *what, uint64_t nsec)
{
	if (!all.fault[0])
		snprintf(all.fault, sizeof(all.fault),
			"schedule %u, an event of kind %d by %d at place %u: %s (%" PRIu64 " nsec)",
			all.done, slot->kind, slot->by, slot->place, what, nsec);
	end();
}

static void account(struct slot *slot)
{
	uint64_t due = atomic_load(&slot->due), at = now();
	uint64_t late = at > due ? at - due : 0;

	/* The two clocks differ by their calibration. */
	if (at + GYRE_USEC(100) < due)
		fault(slot, "too early", due - at);
	if (late > BOUND)
		fault(slot, "too late", late);
	if (late > all.worst)
		all.worst = late;
	all.lateness[late ? 63 - __builtin_clzll(late) : 0]++;
	all.seen++;
}

static void begin(void);

static void saw(struct slot *slot)
{
	if (atomic_load(&all.ended))
		return;
	if (!slot->waited_for || !atomic_load(&slot->due)) {
		fault(slot, slot->waited_for ? "unasked" : "twice", 0);
		return;
	}
	account(slot);
	slot->waited_for = false;
	if (--all.remaining)
		return;
	if (atomic_fetch_add(&all.done, 1) + 1 == all.schedules)
		end();
	else if (draw(2))
		begin();
	else
		wake_host(BEGIN);
}

static void saw_timer(struct gyre_timer *timer)
{
	saw((struct slot *)((char *)timer - offsetof(struct slot, timer)));
}

static void saw_post(struct gyre_post *post)
{
	saw((struct slot *)((char *)post - offsetof(struct slot, post)));
}

static void saw_fd(struct gyre_watch *watch, uint32_t events)
{
	uint64_t count;

	(void)events;
	if (read(watch->fd, &count, sizeof(count)) < 0)
		abort();
	saw((struct slot *)((char *)watch - offsetof(struct slot, watch)));
}

static int saw_spawn(struct gyre_process *self, void *arg)
{
	(void)self;
	saw(arg);
	return 0;
}

static int listen_to_events(struct gyre_process *self, void *arg)
{
	uint32_t events;

	(void)arg;
	while (gyre_process_wait(self, GYRE_EVENT_USER, GYRE_FOREVER, &events) == 0)
		for (unsigned i = 0; i < SLOTS; i++)
			if (events & GYRE_EVENT(i))
				saw(&all.slots[i]);
	return 0;
}

static gyre_next saw_items(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)nexts;
	for (unsigned i = 0; i < n; i++)
		saw(items[i]);
	return GYRE_NEXT_KEEP;
}

static unsigned poll_nothing(struct gyre_node *node, unsigned max)
{
	(void)node, (void)max;
	return 0;
}

static const struct gyre_node_class sink_class = {
	.name = "sink", .kind = GYRE_NODE_OUTPUT, .process = saw_items};
static const struct gyre_node_class input_class = {
	.name = "input", .kind = GYRE_NODE_INPUT, .poll = poll_nothing};

/* --- What is done --- */

static void set_timer(struct slot *slot)
{
	uint64_t clock = gyre_loop_clock(all.loop);

	atomic_store(&slot->due, now() + slot->timeout);
	gyre_timer_start(&slot->timer, clock + slot->timeout);
}

/* Brings the event: by threads those of POST, SIGNAL and FD. As soon as it is brought, the slot may
 * be the next schedule's. */
static void bring(struct slot *slot)
{
	enum kind kind = slot->kind;
	void *item = slot;

	if (kind == TIMER || kind == SHORTEN) {
		set_timer(slot);
		return;
	}
	atomic_store(&slot->due, now());
	if (kind == POST)
		gyre_loop_post(all.loop, &slot->post);
	else if (kind == SIGNAL)
		gyre_process_signal(all.listener, GYRE_EVENT(slot - all.slots));
	else if (kind == FD)
		write_one(slot->fd);
	else if (kind == SPAWN)
		gyre_process_spawn(all.loop, saw_spawn, slot, NULL, NULL);
	else
		gyre_node_inject(all.loop, all.sink, &item, 1);
}

static void pause_for(uint64_t nsec)
{
	struct timespec t = {.tv_nsec = (long)nsec};
	uint64_t until = now() + nsec;

	if (nsec > GYRE_USEC(200))
		nanosleep(&t, NULL);
	while (now() < until)
		;
}

static void *work(void *arg)
{
	struct worker *worker = arg;

	for (;;) {
		unsigned todo;

		while (sem_wait(&worker->wake) < 0)
			;
		if (atomic_load(&all.ended))
			return NULL;
		todo = atomic_exchange(&worker->todo, 0);
		for (unsigned i = 0; i < SLOTS; i++) {
			if (!(todo & 1u << i))
				continue;
			pause_for(all.slots[i].delay);
			if (all.slots[i].by == BY_THREAD)
				bring(&all.slots[i]);
			else
				wake_host(1u << i);
		}
	}
}

static void choose(struct slot *slot)
{
	static const uint64_t reaches[] = {1, GYRE_USEC(20), GYRE_USEC(200), GYRE_USEC(1500)};

	slot->by = (enum by)draw(3);
	slot->kind = slot->by == BY_THREAD ? (enum kind)(POST + draw(3)) : (enum kind)draw(KINDS);
	slot->place = (unsigned)draw(all.host->places);
	slot->delay = draw(reaches[draw(4)]);
	slot->timeout = draw(reaches[draw(4)]);
	atomic_store(&slot->due, 0);
	slot->waited_for = true;
	/* To be shortened, now or when the host is touched. */
	if (slot->kind == SHORTEN)
		gyre_timer_start_after(&slot->timer, FAR);
}

/* Everything is chosen before anything is brought. */
static void begin(void)
{
	unsigned n = draw(4) ? 1 : 2 + (unsigned)draw(SLOTS - 1);

	/* Each has a seed of its own, so that one can be repeated. */
	all.random = (all.seed + atomic_load(&all.done)) * UINT64_C(0x9e3779b97f4a7c15) | 1;
	draw(2);
	all.remaining = n;
	if (draw(8))
		gyre_node_disable(all.loop, all.input);
	else
		gyre_node_enable(all.loop, all.input);
	for (unsigned i = 0; i < n; i++)
		choose(&all.slots[i]);
	for (unsigned i = 0; i < n; i++) {
		struct worker *worker = &all.workers[draw(WORKERS)];

		if (all.slots[i].by == BY_BEGIN) {
			bring(&all.slots[i]);
			continue;
		}
		atomic_fetch_or(&worker->todo, 1u << i);
		sem_post(&worker->wake);
	}
}

void schedule_place(unsigned place)
{
	unsigned touches = all.at_place[place];

	all.at_place[place] = 0;
	for (unsigned i = 0; i < SLOTS; i++)
		if (touches & 1u << i)
			bring(&all.slots[i]);
}

void schedule_fd_ready(void)
{
	unsigned touches;
	uint64_t count;

	if (read(all.host_fd, &count, sizeof(count)) < 0)
		return;
	touches = atomic_exchange(&all.touches, 0);
	for (unsigned i = 0; i < SLOTS; i++)
		if (touches & 1u << i)
			all.at_place[all.slots[i].place] |= 1u << i;
	if (touches & BEGIN)
		begin();
	schedule_place(0);
}

/* --- All of them --- */

static void *watch_over(void *arg)
{
	unsigned before = UINT32_MAX;

	(void)arg;
	for (unsigned still = 0; !atomic_load(&all.ended); still++) {
		struct timespec t = {.tv_nsec = 100000000};

		nanosleep(&t, NULL);
		if (atomic_load(&all.done) != before)
			still = 0;
		before = atomic_load(&all.done);
		if (still < WATCHDOG * 10)
			continue;
		for (unsigned i = 0; i < SLOTS; i++)
			if (all.slots[i].waited_for)
				printf("not seen: kind %d by %d at place %u, timeout %" PRIu64 "\n",
					all.slots[i].kind, all.slots[i].by, all.slots[i].place,
					all.slots[i].timeout);
		printf("%s: schedule %u of seed %" PRIu64 ": a wake-up was missed\n",
			all.host->name, before, all.seed);
		fflush(stdout);
		abort();
	}
	return NULL;
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void setup(const struct schedule_host *host)
{
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;

	memset(&all, 0, sizeof(all));
	all.host = host;
	all.schedules = (unsigned)from_environment("GYRE_SCHEDULES", 4000);
	all.seed = from_environment("GYRE_SCHEDULE_SEED", now() / 1000);
	all.random = all.seed | 1;
	all.host_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ck_assert_int_eq(gyre_loop_create(NULL, &all.loop), 0);
	options.disabled = true;
	ck_assert_int_eq(gyre_node_add(all.loop, &sink_class, "sink", NULL, &all.sink), 0);
	ck_assert_int_eq(gyre_node_add(all.loop, &input_class, "input", &options, &all.input), 0);
	ck_assert_int_eq(
		gyre_process_spawn(all.loop, listen_to_events, NULL, NULL, &all.listener), 0);
	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *slot = &all.slots[i];

		gyre_timer_init(&slot->timer, all.loop, saw_timer);
		slot->post.fn = saw_post;
		slot->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		ck_assert_int_eq(
			gyre_watch_add(all.loop, &slot->watch, slot->fd, EPOLLIN, saw_fd), 0);
	}
}

static void teardown(void)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		gyre_timer_stop(&all.slots[i].timer);
		ck_assert_int_eq(gyre_watch_del(&all.slots[i].watch), 0);
		close(all.slots[i].fd);
	}
	ck_assert_int_eq(gyre_loop_destroy(all.loop), 0);
	close(all.host_fd);
}

/* The lateness below which so many percent were, usec: the upper edge of the bucket. */
static double percentile(unsigned percent)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < 64; i++) {
		n += all.lateness[i];
		if (n * 100 >= all.seen * percent)
			return (double)(UINT64_C(2) << i) / 1e3;
	}
	return 0;
}

void schedule_run(const struct schedule_host *host)
{
	pthread_t watchdog;

	setup(host);
	gyre_test_note("%s: %u schedules, GYRE_SCHEDULE_SEED=%" PRIu64, host->name, all.schedules,
		all.seed);
	host->open(all.loop, all.host_fd);
	for (unsigned i = 0; i < WORKERS; i++) {
		sem_init(&all.workers[i].wake, 0, 0);
		ck_assert_int_eq(
			pthread_create(&all.workers[i].thread, NULL, work, &all.workers[i]), 0);
	}
	ck_assert_int_eq(pthread_create(&watchdog, NULL, watch_over, NULL), 0);
	wake_host(BEGIN);
	host->run();
	for (unsigned i = 0; i < WORKERS; i++) {
		sem_post(&all.workers[i].wake);
		pthread_join(all.workers[i].thread, NULL);
	}
	pthread_join(watchdog, NULL);
	host->close();
	gyre_test_note("%s: %" PRIu64 " events seen late by, usec: 50 %% below %.1f, 99 %% below "
		       "%.1f, worst %.1f",
		host->name, all.seen, percentile(50), percentile(99), (double)all.worst / 1e3);
	teardown();
	ck_assert_msg(!all.fault[0], "%s: seed %" PRIu64 ", %s", host->name, all.seed, all.fault);
	ck_assert_uint_eq(all.done, all.schedules);
}
