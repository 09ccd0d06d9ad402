/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/sched/message.c: messages are bounded, in order per sender, received once or released once,
 * whoever sends them and whenever the receiver ends.
 */
#include "harness.h"

#include "fixture.h"
#include "sched/process.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

static struct fixture f;
static int released;

static void setup(void)
{
	fixture_open(&f, 0);
}

struct letter {
	struct gyre_message message;
	int from, number;
	atomic_int received, released;
};

static void count_release(struct gyre_message *message)
{
	((struct letter *)message)->released++;
	released++;
}

static struct letter *letter(struct letter *l, int number)
{
	memset(l, 0, sizeof(*l));
	l->message.release = count_release;
	l->number = number;
	return l;
}

struct reader {
	uint64_t deadline;
	int numbers[64], count, result;
};

static int reading(struct gyre_process *self, void *arg)
{
	struct reader *r = arg;
	struct gyre_message *message;

	while ((r->result = gyre_process_receive(self, r->deadline, &message)) == 0) {
		ck_assert_int_lt(r->count, 64);
		r->numbers[r->count++] = ((struct letter *)message)->number;
	}
	return r->result;
}

START_TEST(messages_arrive_in_order)
{
	struct reader r = {.deadline = GYRE_FOREVER};
	struct gyre_process_id id = fixture_spawn(&f, "reader", reading, &r);
	struct letter letters[20];

	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(gyre_process_send(id, &letter(&letters[i], i)->message), 0);
	fixture_settle(&f, 10);
	for (int i = 10; i < 20; i++)
		ck_assert_int_eq(gyre_process_send(id, &letter(&letters[i], i)->message), 0);
	fixture_settle(&f, 10);
	ck_assert_int_eq(r.count, 20);
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(r.numbers[i], i);
	ck_assert_int_eq(released, 0);
	fixture_close(&f);
}
END_TEST

START_TEST(at_most_max_wait)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	struct reader r = {.deadline = GYRE_FOREVER};
	struct gyre_process_id id;
	struct letter letters[4];

	options.message_max = 3;
	ck_assert_int_eq(gyre_process_spawn(&f.loop, reading, &r, &options, &id), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(gyre_process_send(id, &letter(&letters[i], i)->message), 0);
	ck_assert_int_eq(gyre_process_send(id, &letter(&letters[3], 3)->message), -EAGAIN);
	fixture_settle(&f, 10);
	ck_assert_int_eq(r.count, 3);
	ck_assert_int_eq(gyre_process_send(id, &letters[3].message), 0);
	fixture_settle(&f, 10);
	ck_assert_int_eq(r.count, 4);
	options.message_max = 0;
	ck_assert_int_eq(gyre_process_spawn(&f.loop, reading, &r, &options, &id), 0);
	ck_assert_int_eq(gyre_process_send(id, &letters[3].message), -EAGAIN);
	fixture_close(&f);
}
END_TEST

START_TEST(receive_times_out)
{
	struct reader r = {.deadline = GYRE_SEC(2)};

	fixture_spawn(&f, "reader", reading, &r);
	fixture_settle_at(&f, GYRE_SEC(2) - 1);
	ck_assert_int_eq(r.result, 0);
	fixture_settle_at(&f, GYRE_SEC(2) + 1024);
	ck_assert_int_eq(r.result, -ETIMEDOUT);
	fixture_close(&f);
}
END_TEST

START_TEST(a_deadline_of_0_does_not_wait)
{
	struct reader r = {.deadline = 0};
	struct letter l;
	struct gyre_process_id id = fixture_spawn(&f, "reader", reading, &r);

	gyre_process_send(id, &letter(&l, 5)->message);
	ck_assert_uint_eq(fixture_turn(&f), 1);
	ck_assert_int_eq(r.count, 1);
	ck_assert_int_eq(r.result, -ETIMEDOUT);
	fixture_close(&f);
}
END_TEST

static int waits_for_either(struct gyre_process *self, void *arg)
{
	struct gyre_message *message;
	uint32_t events = 0;
	uint32_t mask = GYRE_EVENT_MESSAGE | GYRE_EVENT(3);

	(void)arg;
	ck_assert_int_eq(gyre_process_wait(self, mask, GYRE_FOREVER, &events), 0);
	ck_assert_uint_eq(events, GYRE_EVENT_MESSAGE);
	/* It stays until it is received. */
	ck_assert_int_eq(gyre_process_wait(self, mask, GYRE_FOREVER, &events), 0);
	ck_assert_uint_eq(events, GYRE_EVENT_MESSAGE);
	ck_assert_int_eq(gyre_process_receive(self, 0, &message), 0);
	ck_assert_int_eq(gyre_process_wait(self, mask, GYRE_FOREVER, &events), 0);
	ck_assert_uint_eq(events, GYRE_EVENT(3));
	return 77;
}

START_TEST(a_message_is_an_event)
{
	struct gyre_process_id id = fixture_spawn(&f, "either", waits_for_either, NULL);
	struct letter l;

	fixture_settle(&f, 10);
	gyre_process_send(id, &letter(&l, 1)->message);
	fixture_settle(&f, 10);
	gyre_process_signal(id, GYRE_EVENT(3));
	fixture_settle(&f, 10);
	ck_assert_int_eq(gyre__process_find(id)->status, 77);
	fixture_close(&f);
}
END_TEST

START_TEST(what_was_not_received_is_released)
{
	struct reader r = {.deadline = GYRE_FOREVER};
	struct gyre_process_id id = fixture_spawn(&f, "reader", reading, &r);
	struct letter letters[3];

	fixture_settle(&f, 10);
	gyre_process_cancel(id);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(gyre_process_send(id, &letter(&letters[i], i)->message), 0);
	letters[1].message.release = NULL;
	fixture_settle(&f, 10);
	ck_assert_int_eq(r.count, 0);
	ck_assert_int_eq(released, 2);
	ck_assert_int_eq(gyre_process_send(id, &letters[0].message), -ESRCH);
	ck_assert_int_eq(released, 2);
	/* The block's next process finds none of them. */
	ck_assert_ptr_null(gyre__process_find(id)->inbox.first);
	ck_assert_uint_eq(gyre__process_find(id)->inbox.arrived, 0);
	fixture_close(&f);
}
END_TEST

static void *send_one(void *arg)
{
	struct letter *l = arg;

	return (void *)(intptr_t)gyre_process_send(l->message.to, &l->message);
}

static int send_elsewhere(struct gyre_process_id id, struct letter *l)
{
	pthread_t thread;
	void *result;

	l->message.to = id;
	ck_assert_int_eq(pthread_create(&thread, NULL, send_one, l), 0);
	pthread_join(thread, &result);
	return (int)(intptr_t)result;
}

START_TEST(released_when_it_arrives_too_late)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	struct reader r = {.deadline = GYRE_FOREVER}, successor = r;
	struct gyre_process_id old, id;
	struct letter l;

	ck_assert_int_eq(gyre_process_spawn(&f.loop, reading, &r, &options, &old), 0);
	fixture_settle(&f, 10);
	ck_assert_int_eq(send_elsewhere(old, letter(&l, 1)), 0);
	gyre_process_cancel(old);
	fixture_run(&f, GYRE_SEC(1));
	ck_assert_int_eq(gyre_process_spawn(&f.loop, reading, &successor, &options, &id), 0);
	ck_assert_uint_eq(id.index, old.index);
	fixture_settle(&f, 10);
	ck_assert_int_eq(l.released, 1);
	ck_assert_int_eq(successor.count, 0);
	/* The one that is gone does not count against the bound of the new one. */
	ck_assert_uint_eq((uint32_t)gyre__process_find(id)->inbox.word, 0);
	fixture_close(&f);
}
END_TEST

START_TEST(released_when_the_ended_one_is_kept)
{
	struct reader r = {.deadline = GYRE_FOREVER};
	struct gyre_process_id id = fixture_spawn(&f, "kept", reading, &r);
	struct letter l;

	fixture_settle(&f, 10);
	ck_assert_int_eq(send_elsewhere(id, letter(&l, 1)), 0);
	gyre_process_cancel(id);
	fixture_run(&f, GYRE_SEC(1));
	ck_assert_int_eq(gyre__process_find(id)->state, GYRE_PROCESS_ENDED);
	fixture_settle(&f, 10);
	ck_assert_int_eq(l.released, 1);
	fixture_close(&f);
}
END_TEST

START_TEST(a_sender_that_changes_ways_keeps_its_order)
{
	struct reader r = {.deadline = GYRE_FOREVER};
	struct gyre_process_id id = fixture_spawn(&f, "reader", reading, &r);
	struct letter letters[4];

	fixture_settle(&f, 10);
	/* Not running the loop, this thread posts; running it, it could append. */
	gyre__loop_enter(NULL);
	gyre_process_send(id, &letter(&letters[0], 0)->message);
	gyre_process_send(id, &letter(&letters[1], 1)->message);
	gyre__loop_enter(&f.loop);
	gyre__post_run(&f.loop.posts, 1);
	gyre_process_send(id, &letter(&letters[2], 2)->message);
	gyre__post_run(&f.loop.posts, 256);
	gyre_process_send(id, &letter(&letters[3], 3)->message);
	fixture_settle(&f, 10);
	ck_assert_int_eq(r.count, 4);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(r.numbers[i], i);
	fixture_close(&f);
}
END_TEST

/* --- Many threads --- */

enum { SENDERS = 4, LETTERS = 20000 };

static struct letter all[SENDERS][LETTERS];
static atomic_int gone, refused;

struct sender {
	struct gyre_process_id id;
	int from;
};

static void *send_many(void *arg)
{
	struct sender *sender = arg;

	for (int i = 0; i < LETTERS; i++) {
		struct letter *l = letter(&all[sender->from][i], i);
		int err;

		l->from = sender->from;
		while ((err = gyre_process_send(sender->id, &l->message)) == -EAGAIN) {
			atomic_fetch_add(&refused, 1);
			sched_yield();
		}
		if (err == -ESRCH)
			atomic_fetch_add(&gone, 1);
	}
	return NULL;
}

static int received;

static int read_many(struct gyre_process *self, void *arg)
{
	int next[SENDERS] = {0}, most = *(int *)arg;
	struct gyre_message *message;

	while (received < most && gyre_process_receive(self, GYRE_FOREVER, &message) == 0) {
		struct letter *l = (struct letter *)message;

		ck_assert_int_eq(l->number, next[l->from]);
		next[l->from]++;
		l->received++;
		received++;
	}
	return 0;
}

static void run_senders(int most)
{
	struct gyre_process_id id = fixture_spawn(&f, "reader", read_many, &most);
	struct sender senders[SENDERS];
	pthread_t threads[SENDERS];

	for (int i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){id, i};
		pthread_create(&threads[i], NULL, send_many, &senders[i]);
	}
	while (gone + received + released < SENDERS * LETTERS)
		if (!fixture_turn(&f))
			sched_yield();
	for (int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	fixture_settle(&f, 10);
}

START_TEST(exactly_once_and_in_order_from_four_threads)
{
	run_senders(SENDERS * LETTERS);
	ck_assert_int_eq(received, SENDERS * LETTERS);
	ck_assert_int_eq(released, 0);
	for (int i = 0; i < SENDERS; i++)
		for (int j = 0; j < LETTERS; j++)
			ck_assert_int_eq(all[i][j].received, 1);
	/* The bound was met: there were 64 at most, of 80,000. */
	gyre_test_note("%d sends met a full inbox", refused);
	fixture_close(&f);
}
END_TEST

START_TEST(an_end_in_between_loses_nothing)
{
	run_senders(LETTERS);
	ck_assert_int_eq(received, LETTERS);
	ck_assert_int_eq(received + released + gone, SENDERS * LETTERS);
	for (int i = 0; i < SENDERS; i++)
		for (int j = 0; j < LETTERS; j++)
			ck_assert_int_le(all[i][j].received + all[i][j].released, 1);
	fixture_close(&f);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("message");
	TCase *tcase = tcase_create("message");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, messages_arrive_in_order);
	tcase_add_test(tcase, at_most_max_wait);
	tcase_add_test(tcase, receive_times_out);
	tcase_add_test(tcase, a_deadline_of_0_does_not_wait);
	tcase_add_test(tcase, a_message_is_an_event);
	tcase_add_test(tcase, what_was_not_received_is_released);
	tcase_add_test(tcase, released_when_it_arrives_too_late);
	tcase_add_test(tcase, released_when_the_ended_one_is_kept);
	tcase_add_test(tcase, a_sender_that_changes_ways_keeps_its_order);
	tcase_add_test(tcase, exactly_once_and_in_order_from_four_threads);
	tcase_add_test(tcase, an_end_in_between_loses_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
