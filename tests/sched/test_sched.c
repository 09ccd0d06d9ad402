/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/sched/sched.c: the scheduler as the loop uses it: counts, cancellation of all, who is
 * abandoned; ten thousand processes; and random schedules against a model.
 */
#include "harness.h"

#include "fixture.h"
#include "sched/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct fixture f;

static int waits(struct gyre_process *self, void *arg)
{
	(void)arg;
	return gyre_process_sleep(self, GYRE_FOREVER);
}

START_TEST(daemons_do_not_count)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;

	fixture_open(&f, 0);
	fixture_spawn(&f, "counts", waits, NULL);
	options.daemon = true;
	ck_assert_int_eq(gyre_process_spawn(&f.loop, waits, NULL, &options, NULL), 0);
	ck_assert(gyre__sched_ready(f.loop.sched));
	fixture_turn(&f);
	ck_assert(!gyre__sched_ready(f.loop.sched));
	ck_assert_uint_eq(gyre__sched_alive(f.loop.sched), 2);
	ck_assert_uint_eq(gyre__sched_counting(f.loop.sched), 1);
	gyre__sched_cancel_all(f.loop.sched);
	fixture_turn(&f);
	ck_assert_uint_eq(gyre__sched_alive(f.loop.sched), 0);
	ck_assert_uint_eq(gyre__sched_counting(f.loop.sched), 0);
	fixture_close(&f);
	ck_assert_uint_eq(f.logged, 0);
}
END_TEST

static int never_ends(struct gyre_process *self, void *arg)
{
	while (arg)
		gyre_process_sleep(self, GYRE_FOREVER);
	return 0;
}

static int has_heirs(struct gyre_process *self, void *arg)
{
	gyre_process_sleep(self, GYRE_FOREVER);
	*(int *)arg += 1;
	return gyre_process_spawn(&f.loop, has_heirs, arg, NULL, NULL);
}

START_TEST(spawned_at_the_end_is_canceled)
{
	int ended = 0;

	fixture_open(&f, 0);
	ck_assert_int_eq(gyre_process_spawn(&f.loop, has_heirs, &ended, NULL, NULL), 0);
	fixture_turn(&f);
	fixture_close(&f);
	/* The heir never ran, and was not left behind. */
	ck_assert_int_eq(ended, 1);
	ck_assert_uint_eq(f.logged, 0);
}
END_TEST

static int released;

static void count_release(struct gyre_message *message)
{
	(void)message;
	released++;
}

START_TEST(who_does_not_end_is_abandoned_by_name)
{
	struct gyre_message message = {.release = count_release};
	struct gyre_process_id id;

	fixture_open(&f, 0);
	id = fixture_spawn(&f, "obstinate", never_ends, &f);
	fixture_turn(&f);
	ck_assert_int_eq(gyre_process_send(id, &message), 0);
	fixture_close(&f);
	ck_assert_uint_eq(f.logged, 1);
	ck_assert_ptr_nonnull(strstr(f.log, "'obstinate': abandoned"));
	ck_assert_int_eq(released, 1);
}
END_TEST

START_TEST(destroyed_as_it_is)
{
	fixture_open(&f, 0);
	fixture_spawn(&f, "never-run", waits, NULL);
	gyre__sched_destroy(f.loop.sched);
	ck_assert_uint_eq(f.logged, 1);
	gyre__sched_destroy(NULL);
	gyre__wheel_destroy(f.loop.wheel);
	gyre__postbox_fini(&f.loop.posts);
}
END_TEST

static char story[64];

static int spin(struct gyre_process *self, void *arg)
{
	do {
		strcat(story, arg);
		f.now += GYRE_USEC(10);
	} while (gyre_process_yield(self) == 0);
	return 0;
}

START_TEST(the_budget_stops_a_long_list)
{
	fixture_open(&f, 0);
	fixture_spawn(&f, "a", spin, "a");
	fixture_spawn(&f, "b", spin, "b");
	fixture_spawn(&f, "c", spin, "c");
	ck_assert_uint_eq(fixture_run(&f, GYRE_USEC(15)), 2);
	ck_assert(gyre__sched_ready(f.loop.sched));
	/* Those left over go first. */
	ck_assert_uint_eq(fixture_run(&f, GYRE_USEC(15)), 2);
	ck_assert_uint_eq(fixture_run(&f, 1), 1);
	ck_assert_uint_eq(fixture_run(&f, GYRE_SEC(1)), 3);
	ck_assert_str_eq(story, "abcabcab");
	fixture_close(&f);
}
END_TEST

/* --- Many --- */

enum { MANY = 10000 };

static unsigned woken;

static int naps(struct gyre_process *self, void *arg)
{
	uint64_t period = GYRE_USEC(100) + (uint64_t)(uintptr_t)arg;
	int err;

	while ((err = gyre_process_sleep(self, period)) == 0)
		woken++;
	return err;
}

START_TEST(ten_thousand_processes)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	unsigned turns = 0, many = gyre_test_rounds(MANY, 2000);

	fixture_open(&f, many);
	for (uintptr_t i = 0; i < many; i++)
		ck_assert_int_eq(gyre_process_spawn(&f.loop, naps, (void *)i, &options, NULL), 0);
	ck_assert_int_eq(gyre_process_spawn(&f.loop, naps, NULL, &options, NULL), -EAGAIN);
	while (woken < 5 * many && turns++ < 100000) {
		fixture_turn(&f);
		f.now += GYRE_USEC(1);
	}
	ck_assert_uint_ge(woken, 5 * many);
	ck_assert_uint_eq(gyre__sched_alive(f.loop.sched), many);
	fixture_close(&f);
	ck_assert_uint_eq(f.logged, 0);
}
END_TEST

/* --- Random schedules against a model --- */

enum { SLOTS = 24, STEPS = 20000 };

enum plan { SLEEP, WAIT, RECEIVE, YIELD, JOIN, PLANS };

/* What the test knows of a process; it is told by the process itself, and tells it what to do. */
struct slot {
	struct gyre_process_id id;
	struct slot *joins; /* while it joins */
	uint64_t deadline;
	uint32_t pending, mask; /* signals that were sent and not taken */
	int sent, got; /* messages */
	int status;
	bool lives, ended, canceled, suspended, exits, joinable;
	enum plan plan;
};

struct parcel {
	struct gyre_message message;
	struct slot *to;
	int number;
};

static struct slot slots[SLOTS];
static unsigned parcels_sent, parcels_back;

static unsigned dice(unsigned sides)
{
	return (unsigned)rand() % sides;
}

static void give_back(struct gyre_message *message)
{
	parcels_back++;
	free(message);
}

static void check_wait(struct gyre_process *self, struct slot *s)
{
	uint32_t events = 0;
	int err = gyre_process_wait(self, s->mask, s->deadline, &events);

	s->suspended = false;
	if (err == -ECANCELED) {
		ck_assert(s->canceled);
	} else if (err == -ETIMEDOUT) {
		ck_assert_uint_ge(f.now, s->deadline);
		ck_assert_uint_eq(s->pending & s->mask, 0);
	} else {
		ck_assert_int_eq(err, 0);
		/* All that is pending of the mask, and nothing else. */
		ck_assert_uint_eq(events, s->pending & s->mask);
		s->pending &= ~events;
	}
}

static void check_receive(struct gyre_process *self, struct slot *s)
{
	struct gyre_message *message;
	int err = gyre_process_receive(self, s->deadline, &message);

	s->suspended = false;
	if (err == -ECANCELED) {
		ck_assert(s->canceled);
	} else if (err == -ETIMEDOUT) {
		ck_assert_uint_ge(f.now, s->deadline);
		ck_assert_int_eq(s->sent, s->got);
	} else {
		struct parcel *parcel = (struct parcel *)message;

		ck_assert_int_eq(err, 0);
		ck_assert_ptr_eq(parcel->to, s);
		ck_assert_int_eq(parcel->number, s->got);
		s->got++;
		give_back(message);
	}
}

static void check_join(struct gyre_process *self, struct slot *s)
{
	struct gyre_process_id id = s->joins->id;
	int status = -1, err = gyre_process_join(self, id, s->deadline, &status);

	s->suspended = false;
	if (err == -ECANCELED)
		ck_assert(s->canceled);
	else if (err == -ETIMEDOUT)
		ck_assert_uint_ge(f.now, s->deadline);
	else if (err == 0)
		ck_assert_int_eq(status, (int)id.generation);
	else
		ck_assert(err == -ESRCH || err == -EDEADLK);
}

static void check_sleep(struct gyre_process *self, struct slot *s)
{
	int err = s->plan == YIELD ? gyre_process_yield(self)
				   : gyre_process_sleep_until(self, s->deadline);

	s->suspended = false;
	if (err == -ECANCELED)
		ck_assert(s->canceled);
	else if (s->plan == SLEEP)
		ck_assert_uint_ge(f.now, s->deadline);
}

static void make_plan(struct slot *s)
{
	s->plan = dice(PLANS);
	s->deadline = dice(4) ? f.now + dice(20000) : GYRE_FOREVER;
	s->mask = 1 + dice(15);
	s->joins = &slots[dice(SLOTS)];
	s->suspended = true;
}

static int lives(struct gyre_process *self, void *arg)
{
	struct slot *s = arg;
	int number = (int)gyre_process_id(self).generation;

	while (!s->exits && !gyre_process_canceled(self)) {
		make_plan(s);
		if (s->plan == WAIT)
			check_wait(self, s);
		else if (s->plan == RECEIVE)
			check_receive(self, s);
		else if (s->plan == JOIN)
			check_join(self, s);
		else
			check_sleep(self, s);
	}
	s->ended = true;
	return number;
}

static void spawn_random(struct slot *s)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	int err;

	if (s->lives && !s->ended)
		return;
	memset(s, 0, sizeof(*s));
	options.message_max = 5;
	options.joinable = !dice(4);
	err = gyre_process_spawn(&f.loop, lives, s, &options, &s->id);
	ck_assert_int_eq(err, 0);
	s->lives = true;
}

static void signal_random(struct slot *s)
{
	uint32_t bits = 1 + dice(15);
	int err = gyre_process_signal(s->id, bits);

	ck_assert_int_eq(err, s->lives && !s->ended ? 0 : -ESRCH);
	if (err == 0)
		s->pending |= bits;
}

static void send_random(struct slot *s)
{
	struct parcel *parcel = calloc(1, sizeof(*parcel));
	int err;

	parcel->message.release = give_back;
	parcel->to = s;
	parcel->number = s->sent;
	err = gyre_process_send(s->id, &parcel->message);
	if (!s->lives || s->ended)
		ck_assert_int_eq(err, -ESRCH);
	else
		ck_assert_int_eq(err, s->sent - s->got < 5 ? 0 : -EAGAIN);
	if (err < 0) {
		free(parcel);
		return;
	}
	s->sent++;
	parcels_sent++;
}

static void cancel_random(struct slot *s)
{
	int err = gyre_process_cancel(s->id);

	ck_assert_int_eq(err, s->lives && !s->ended ? 0 : -ESRCH);
	/* A process that never ran does not say that it ended. */
	if (err == 0 && !s->canceled && !s->suspended)
		s->ended = true;
	s->canceled = s->canceled || err == 0;
}

static void step(unsigned i)
{
	struct slot *s = &slots[dice(SLOTS)];

	switch (dice(12)) {
	case 0:
	case 1:
		spawn_random(s);
		fixture_turn(&f);
		break;
	case 2:
	case 3:
		signal_random(s);
		break;
	case 4:
	case 5:
		send_random(s);
		break;
	case 6:
		if (i % 7 == 0)
			cancel_random(s);
		break;
	case 7:
		s->exits = s->exits || i % 5 == 0;
		break;
	case 8:
		f.now += dice(10000);
		fixture_settle(&f, 200);
		break;
	default:
		fixture_turn(&f);
	}
}

/* Whoever still waits, waits for something that has not come. */
static void check_rest(void)
{
	for (struct slot *s = slots; s < slots + SLOTS; s++) {
		if (!s->lives || s->ended || s->plan == YIELD)
			continue;
		ck_assert(s->suspended && !s->canceled);
		ck_assert_uint_gt(s->deadline, f.now - 2048);
		if (s->plan == WAIT)
			ck_assert_uint_eq(s->pending & s->mask, 0);
		if (s->plan == RECEIVE)
			ck_assert_int_eq(s->sent, s->got);
	}
}

START_TEST(random_schedules)
{
	srand(1000 + (unsigned)_i);
	fixture_open(&f, 4096);
	for (unsigned i = 0; i < STEPS; i++)
		step(i);
	fixture_settle(&f, 200);
	check_rest();
	for (struct slot *s = slots; s < slots + SLOTS; s++)
		s->canceled = true;
	fixture_close(&f);
	ck_assert_uint_eq(f.logged, 0);
	ck_assert_uint_gt(parcels_sent, 100);
	ck_assert_uint_eq(parcels_sent, parcels_back);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("sched");
	TCase *tcase = tcase_create("sched");

	tcase_add_test(tcase, daemons_do_not_count);
	tcase_add_test(tcase, who_does_not_end_is_abandoned_by_name);
	tcase_add_test(tcase, spawned_at_the_end_is_canceled);
	tcase_add_test(tcase, destroyed_as_it_is);
	tcase_add_test(tcase, the_budget_stops_a_long_list);
	tcase_add_test(tcase, ten_thousand_processes);
	tcase_add_loop_test(tcase, random_schedules, 0, 20);
	suite_add_tcase(suite, tcase);
	return suite;
}
