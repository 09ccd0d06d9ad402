/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/bfd.c, two sessions against each other over the simulated link of bfd_link.c,
 * which checks every event: they come up, stay up while nothing is lost, notice what fails, recover
 * from anything, and survive bytes that nobody sane would send.
 */
#include "bfd_link.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct bfd_link link_; /* large: kept off the stack */

static const struct bfd_config fast = {
	.desired_min_tx_nsec = 10 * MSEC, .required_min_rx_nsec = 10 * MSEC, .detect_mult = 3};

static const struct link_options wire = {.delay_min_nsec = 20000, .delay_max_nsec = 50000};

/* Both ends at 3 x 10 ms over a good wire, not yet up. */
static void begin(uint64_t seed)
{
	struct bfd_config configs[2] = {fast, fast};
	struct link_options options = wire;

	options.seed = seed;
	link_init(&link_, &options, configs);
}

static void begin_up(uint64_t seed)
{
	begin(seed);
	ck_assert(link_run_until_up(&link_, 2 * SEC));
	link_run(&link_, SEC);
	ck_assert_uint_eq(link_.ends[0].downs + link_.ends[1].downs, 0);
}

/* Between 5 ms and 500 ms, small ones as often as large ones. */
static uint64_t some_interval(uint64_t *random)
{
	uint64_t interval = link_between(random, 5 * MSEC, 10 * MSEC);

	for (uint64_t n = link_draw(random) % 6; n; n--)
		interval *= 2;
	return interval > 500 * MSEC ? 500 * MSEC : interval;
}

static struct bfd_config some_config(uint64_t *random, unsigned mult_min)
{
	return (struct bfd_config){
		.desired_min_tx_nsec = some_interval(random),
		.required_min_rx_nsec = some_interval(random),
		.detect_mult = (unsigned)link_between(random, mult_min, 5),
		.seed = link_draw(random),
	};
}

START_TEST(comes_up_quickly)
{
	for (uint64_t seed = 0; seed < 500; seed++) {
		struct bfd_config configs[2] = {fast, fast};
		struct link_options options = wire;

		options.seed = seed;
		configs[seed & 1].passive = seed & 2;
		link_init(&link_, &options, configs);
		if (!link_run_until_up(&link_, 2 * SEC))
			ck_abort_msg("seed %llu: not up in 2 s", (unsigned long long)seed);
		link_run(&link_, SEC);
		if (link_.ends[0].downs || link_.ends[1].downs)
			ck_abort_msg("seed %llu: flapped on the way up", (unsigned long long)seed);
		if (link_.ends[0].polls_done != 1 || link_.ends[1].polls_done != 1)
			ck_abort_msg("seed %llu: no Poll on Up", (unsigned long long)seed);
	}
}
END_TEST

static void change_timers(uint64_t *random, unsigned i)
{
	link_set_timers(&link_, i, some_interval(random), some_interval(random));
}

/*
 * Whatever the two negotiate, and renegotiate while Up, with packets delayed by up to 3 ms and
 * calls late by up to 1 ms, at intervals of 5 ms and more: no Down while nothing is lost.
 */
START_TEST(no_false_down_without_loss)
{
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct link_options options = {
			.seed = seed, .delay_max_nsec = 3 * MSEC, .lateness_nsec = MSEC};
		uint64_t random = seed;
		struct bfd_config configs[2] = {some_config(&random, 3), some_config(&random, 3)};

		link_init(&link_, &options, configs);
		ck_assert(link_run_until_up(&link_, 3 * SEC));
		for (unsigned n = 0; n < 20; n++) {
			change_timers(&random, link_draw(&random) & 1);
			link_run(&link_, link_draw(&random) % (700 * MSEC));
		}
		link_run(&link_, 10 * SEC);
		for (unsigned i = 0; i < 2; i++) {
			const struct bfd_session *session = &link_.ends[i].session;

			if (link_.ends[i].downs || link_.ends[i].ups != 1)
				ck_abort_msg("seed %llu: went Down", (unsigned long long)seed);
			if (session->polling || session->used_tx_usec != session->config_tx_usec ||
				session->used_rx_usec != session->config_rx_usec)
				ck_abort_msg(
					"seed %llu: timers not agreed", (unsigned long long)seed);
		}
	}
}
END_TEST

START_TEST(an_hour_goes_by)
{
	clock_t began = clock();
	double mean;

	begin_up(5);
	link_run(&link_, 3600 * SEC);
	gyre_test_note("an hour at 3 x 10 ms: %.2f s, %llu packets",
		(double)(clock() - began) / CLOCKS_PER_SEC,
		(unsigned long long)(link_.ends[0].sent + link_.ends[1].sent));
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_uint_eq(link_.ends[i].downs, 0);
		mean = 3601.0 / (double)link_.ends[i].sent;
		ck_assert_msg(mean > 0.00870 && mean < 0.00880, "mean interval %f s", mean);
	}
}
END_TEST

static unsigned num_not_up(void)
{
	return (link_.ends[0].session.state != BFD_STATE_UP) +
	       (link_.ends[1].session.state != BFD_STATE_UP);
}

/* One way or both ways: both ends know within their detection times, and are back afterwards. */
START_TEST(cut_is_noticed)
{
	for (uint64_t seed = 0; seed < 600; seed++) {
		unsigned way = 1 + (unsigned)(seed % 3);
		uint64_t cut_at;

		begin_up(seed);
		link_run(&link_, seed * NSEC_PER_MSEC / 7);
		cut_at = link_.now;
		link_.ends[0].cut = way & 1;
		link_.ends[1].cut = way & 2;
		link_run(&link_, 30 * MSEC + wire.delay_max_nsec * 2);
		if (num_not_up() != 2)
			ck_abort_msg("seed %llu: not noticed", (unsigned long long)seed);
		for (unsigned i = 0; i < 2; i++)
			if (link_.ends[i].downs != 1 ||
				link_.ends[i].changed_at < cut_at + 20 * MSEC)
				ck_abort_msg("seed %llu: too early", (unsigned long long)seed);
		link_run(&link_, 5 * SEC);
		if (num_not_up() != 2)
			ck_abort_msg("seed %llu: Up over a cut link", (unsigned long long)seed);
		link_.ends[0].cut = link_.ends[1].cut = false;
		if (!link_run_until_up(&link_, 3 * SEC))
			ck_abort_msg("seed %llu: not up again", (unsigned long long)seed);
	}
}
END_TEST

/* A loop stands still for many detection times; the peer's packets wait in its queue. */
START_TEST(stalled_loop_blames_nobody)
{
	for (uint64_t seed = 0; seed < 200; seed++) {
		struct bfd_config configs[2] = {fast, fast};
		struct link_options options = wire;

		options.seed = seed;
		configs[0].desired_min_tx_nsec = 200 * MSEC;
		configs[0].detect_mult = 10;
		link_init(&link_, &options, configs);
		ck_assert(link_run_until_up(&link_, 2 * SEC));
		link_run(&link_, 3 * SEC);
		for (unsigned n = 0; n < 10; n++) {
			link_.ends[0].stalled_since = link_.now;
			link_.ends[0].stalled_until =
				link_.now + link_between(&link_.random, MSEC, 900 * MSEC);
			link_run(&link_, SEC + link_draw(&link_.random) % SEC);
			if (link_.ends[0].downs || link_.ends[1].downs)
				ck_abort_msg("seed %llu: false down", (unsigned long long)seed);
		}
	}
}
END_TEST

START_TEST(admin_down_is_no_failure)
{
	begin_up(1);
	link_set_admin(&link_, 0, true);
	link_run(&link_, 10 * SEC);
	ck_assert_int_eq(link_.ends[1].session.state, BFD_STATE_DOWN);
	ck_assert_uint_eq(link_.ends[0].downs + link_.ends[1].downs, 0);
	ck_assert_uint_eq(link_.ends[1].admin_downs, 1);
	ck_assert_uint_eq(link_.ends[0].session.remote_discriminator, 101);
	ck_assert_uint_gt(link_.ends[0].session.counters.drops[BFD_DROP_ADMIN_DOWN], 9);
	link_set_admin(&link_, 1, true);
	link_run(&link_, 10 * SEC);
	link_set_admin(&link_, 0, false);
	link_run(&link_, 10 * SEC);
	ck_assert_int_eq(link_.ends[0].session.state, BFD_STATE_DOWN);
	link_set_admin(&link_, 1, false);
	ck_assert(link_run_until_up(&link_, 3 * SEC));
	ck_assert_uint_eq(link_.ends[0].downs + link_.ends[1].downs, 0);
}
END_TEST

START_TEST(restarted_end_comes_back)
{
	for (uint64_t seed = 0; seed < 200; seed++) {
		struct bfd_config config = fast;

		begin_up(seed);
		config.local_discriminator = 100;
		config.seed = seed;
		ck_assert_int_eq(
			bfd_session_init(&link_.ends[0].session, &config, link_.now, NULL), 0);
		link_.ends[0].not_up_since = link_.now;
		link_.ends[0].last_sent = 0;
		link_run(&link_, 31 * MSEC);
		if (link_.ends[1].downs != 1)
			ck_abort_msg("seed %llu: restart unnoticed", (unsigned long long)seed);
		if (!link_run_until_up(&link_, 4 * SEC))
			ck_abort_msg("seed %llu: not up again", (unsigned long long)seed);
	}
}
END_TEST

static void some_mischief(uint64_t *random)
{
	unsigned i = link_draw(random) & 1;

	switch (link_draw(random) % 8) {
	case 0:
		link_.ends[i].cut = true;
		break;
	case 1:
		link_set_admin(&link_, i, true);
		break;
	case 2:
		link_set_admin(&link_, i, false);
		break;
	case 3:
	case 4:
		change_timers(random, i);
		break;
	default:
		link_.ends[i].cut = false;
	}
}

/* All is well again: both must find each other, and then nothing may disturb them. */
static void heal_and_check(void)
{
	unsigned downs;

	for (unsigned i = 0; i < 2; i++) {
		link_.ends[i].cut = false;
		link_set_admin(&link_, i, false);
	}
	link_.options.loss_permille = 0;
	link_.options.double_permille = 0;
	link_.options.reorder = false;
	link_.options.delay_min_nsec = link_.options.delay_max_nsec;
	link_run(&link_, 10 * SEC);
	if (!link_run_until_up(&link_, 10 * SEC))
		ck_abort_msg("seed %llu: not healed", (unsigned long long)link_.options.seed);
	downs = link_.ends[0].downs + link_.ends[1].downs;
	link_run(&link_, 10 * SEC);
	if (link_.ends[0].downs + link_.ends[1].downs != downs || num_not_up())
		ck_abort_msg("seed %llu: not stable", (unsigned long long)link_.options.seed);
}

START_TEST(random_runs)
{
	unsigned downs = 0, admin_downs = 0, polls = 0;

	for (uint64_t seed = 1; seed <= 3000; seed++) {
		uint64_t random = seed;
		struct bfd_config configs[2] = {some_config(&random, 1), some_config(&random, 1)};
		struct link_options options = {
			.seed = seed,
			.loss_permille = link_draw(&random) % 300,
			.double_permille = link_draw(&random) % 200,
			.delay_min_nsec = link_draw(&random) % MSEC,
			.delay_max_nsec = MSEC + link_draw(&random) % (20 * MSEC),
			.reorder = link_draw(&random) & 1,
			.lateness_nsec = link_draw(&random) % (MSEC / 2),
		};

		configs[0].passive = link_draw(&random) % 4 == 0;
		link_init(&link_, &options, configs);
		for (unsigned n = 0; n < 15; n++) {
			link_run(&link_, link_draw(&random) % (2 * SEC));
			some_mischief(&random);
		}
		for (unsigned i = 0; i < 2; i++) {
			downs += link_.ends[i].downs;
			admin_downs += link_.ends[i].admin_downs;
			polls += link_.ends[i].polls_done;
		}
		heal_and_check();
	}
	ck_assert_uint_gt(downs, 3000);
	ck_assert_uint_gt(admin_downs, 1000);
	ck_assert_uint_gt(polls, 3000);
}
END_TEST

/* Bytes near to a packet of end 1, or far from any, in a buffer of just their length. */
static size_t some_bytes(uint64_t *random, uint8_t *bytes)
{
	struct bfd_packet packet = {
		.state = (enum bfd_state)(link_draw(random) % 4),
		.detect_mult = link_draw(random) % 16 ? 3 : 0,
		.my_discriminator = link_draw(random) % 16 ? 101 : 0,
		.your_discriminator = link_draw(random) % 4 ? 100 : 0,
		.poll = link_draw(random) & 1,
		.final = link_draw(random) & 1,
		.demand = link_draw(random) & 1,
		.desired_min_tx_usec = (uint32_t)link_draw(random) >> link_draw(random) % 32,
		.required_min_rx_usec = (uint32_t)link_draw(random) >> link_draw(random) % 32,
	};
	uint64_t kind = link_draw(random) % 4;

	for (unsigned i = 0; i < 64; i++)
		bytes[i] = (uint8_t)link_draw(random);
	if (kind == 0)
		return link_draw(random) % 64;
	bfd_packet_build(&packet, bytes);
	if (link_draw(random) % 16 == 0) {
		bytes[1] |= 4;
		bytes[3] = 26;
		return 26;
	}
	for (; kind > 1; kind--)
		bytes[link_draw(random) % 24] ^= (uint8_t)(1u << link_draw(random) % 8);
	return link_draw(random) % 8 ? 24 : link_draw(random) % 64;
}

static void check_sane(const struct bfd_session *s, uint64_t seed)
{
	bool known = s->remote_discriminator != 0;

	if (s->local_discriminator != 100 || s->detect_mult != 3 ||
		(unsigned)s->state > BFD_STATE_UP)
		ck_abort_msg("seed %llu: session overwritten", (unsigned long long)seed);
	if (!known && (s->state > BFD_STATE_DOWN || s->polling))
		ck_abort_msg("seed %llu: up with nobody", (unsigned long long)seed);
	if (s->state != BFD_STATE_UP && s->used_tx_usec < 1000000)
		ck_abort_msg("seed %llu: fast outside Up", (unsigned long long)seed);
	if (known && s->remote_detect_mult == 0)
		ck_abort_msg("seed %llu: detect mult 0 taken", (unsigned long long)seed);
}

START_TEST(bytes_from_anywhere)
{
	struct bfd_config config = fast;
	struct bfd_session session;
	uint64_t random = 3, now = 0, total = 0;

	config.local_discriminator = 100;
	ck_assert_int_eq(bfd_session_init(&session, &config, now, NULL), 0);
	for (unsigned n = 0; n < 300000; n++) {
		uint8_t bytes[64], out[BFD_PACKET_SIZE];
		struct bfd_datagram datagram = {.ttl = 255, .dest_port = 3784};
		struct bfd_change change;
		unsigned sent = 0;

		datagram.len = some_bytes(&random, bytes);
		datagram.payload = bytes + 64 - datagram.len;
		memmove(bytes + 64 - datagram.len, bytes, datagram.len);
		bfd_session_receive(&session, &datagram, now, &change);
		check_sane(&session, n);
		now += link_draw(&random) % (link_draw(&random) % 16 ? 2 * MSEC : 5 * SEC);
		while (bfd_session_advance(&session, now, now, out, &change))
			if (++sent > 2)
				ck_abort_msg("%u: more than two packets at once", n);
		check_sane(&session, n);
		if (bfd_session_deadline(&session) <= now)
			ck_abort_msg("%u: would spin", n);
	}
	for (unsigned i = BFD_DROP_NONE + 1; i < BFD_DROP_COUNT; i++) {
		total += session.counters.drops[i];
		if (i != BFD_DROP_PORT && i != BFD_DROP_TTL && i != BFD_DROP_ADMIN_DOWN)
			ck_assert_msg(session.counters.drops[i] > 100, "%s: %llu",
				bfd_drop_name((enum bfd_drop)i),
				(unsigned long long)session.counters.drops[i]);
	}
	ck_assert_uint_eq(total + session.counters.received, 300000);
	ck_assert_uint_gt(session.counters.times_up, 1000);
	ck_assert_uint_gt(session.counters.times_down, 1000);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("bfd_link");
	TCase *tcase = tcase_create("bfd_link");

	tcase_add_test(tcase, comes_up_quickly);
	tcase_add_test(tcase, no_false_down_without_loss);
	tcase_add_test(tcase, an_hour_goes_by);
	tcase_add_test(tcase, cut_is_noticed);
	tcase_add_test(tcase, stalled_loop_blames_nobody);
	tcase_add_test(tcase, admin_down_is_no_failure);
	tcase_add_test(tcase, restarted_end_comes_back);
	tcase_add_test(tcase, random_runs);
	tcase_add_test(tcase, bytes_from_anywhere);
	suite_add_tcase(suite, tcase);
	return suite;
}
