/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/arp_table.c: resolving, ageing, probing, pinned entries, bounds, and that no
 * packet that waits is ever lost or given back twice, under random use compared with a count.
 */
#include "harness.h"

#include "examples/ha-gateway/arp_table.h"
#include "examples/ha-gateway/nsec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOST UINT32_C(0x0a000001)

static const uint8_t mac_a[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t mac_b[6] = {2, 0, 0, 0, 0, 2};

static int packets[100000]; /* items are pointers into it */

static struct arp_table *table_new(unsigned entries, unsigned held)
{
	struct arp_table_config config = arp_table_config_default();
	struct arp_table *table = NULL;

	config.entries_max = entries;
	config.held_max = held;
	ck_assert_int_eq(arp_table_create(&config, &table, NULL), 0);
	return table;
}

static struct arp_table_stats stats_of(const struct arp_table *table)
{
	struct arp_table_stats stats;

	arp_table_stats_get(table, &stats);
	return stats;
}

static int hold(struct arp_table *table, uint32_t address, int packet, uint64_t now)
{
	struct arp_evicted evicted;
	int asks = arp_table_hold(table, 0, address, &packets[packet], now, &evicted);

	if (asks >= 0)
		ck_assert_uint_eq(evicted.n, 0);
	return asks;
}

static int learn(struct arp_table *table, uint32_t address, const uint8_t *mac, uint64_t now)
{
	void *items[ARP_QUEUE_MAX];

	return arp_table_learn(table, 0, address, mac, true, now, items);
}

/* What is due at `now` is one request for the address, and nothing else. */
static struct arp_action must_ask(struct arp_table *table, uint64_t now)
{
	struct arp_action action, more;

	ck_assert(arp_table_advance(table, now, &action));
	ck_assert_int_eq(action.kind, ARP_ACTION_REQUEST);
	ck_assert_uint_eq(action.address, HOST);
	ck_assert(!arp_table_advance(table, now, &more));
	return action;
}

static void must_rest(struct arp_table *table, uint64_t now)
{
	struct arp_action action;

	ck_assert(!arp_table_advance(table, now, &action));
}

START_TEST(bad_values_are_named)
{
	static const struct {
		struct arp_table_config config;
		const char *why;
	} bad[] = {
		{{0, 1, 1, 1}, "entries must be"},
		{{65536, 1, 1, 1}, "entries must be"},
		{{1, 0, 1, 1}, "must be able to wait"},
		{{1, 1, 0, 1}, "must not be 0"},
		{{1, 1, 1, 0}, "must not be 0"},
	};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct arp_table *table = NULL;
		const char *why = NULL;

		ck_assert_int_eq(arp_table_create(&bad[i].config, &table, &why), -EINVAL);
		ck_assert_ptr_nonnull(strstr(why, bad[i].why));
		ck_assert_int_eq(arp_table_create(&bad[i].config, &table, NULL), -EINVAL);
		ck_assert_ptr_null(table);
	}
	arp_table_destroy(NULL);
}
END_TEST

START_TEST(first_packet_asks_answer_lets_go)
{
	struct arp_table *table = table_new(4, 100);
	const struct arp_entry *entry;
	void *items[ARP_QUEUE_MAX];

	ck_assert_uint_eq(arp_table_deadline(table), NSEC_NEVER);
	ck_assert_ptr_null(arp_table_find(table, 0, HOST));
	ck_assert_int_eq(hold(table, HOST, 0, 5), 1);
	ck_assert_int_eq(hold(table, HOST, 1, 6), 0);
	ck_assert_int_eq(hold(table, HOST, 2, 7), 0);
	entry = arp_table_find(table, 0, HOST);
	ck_assert_ptr_nonnull(entry);
	ck_assert(!arp_entry_resolved(entry));
	ck_assert_uint_eq(stats_of(table).held, 3);
	/* Another interface's address is another. */
	ck_assert_ptr_null(arp_table_find(table, 1, HOST));
	ck_assert_int_eq(arp_table_learn(table, 1, HOST, mac_b, false, 8, items), -ENOENT);
	ck_assert_int_eq(arp_table_learn(table, 0, HOST, mac_a, false, 8, items), 3);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_ptr_eq(items[i], &packets[i]);
	ck_assert(arp_entry_resolved(entry));
	ck_assert_mem_eq(entry->mac, mac_a, 6);
	ck_assert_uint_eq(stats_of(table).held, 0);
	ck_assert_uint_eq(stats_of(table).learned, 1);
	ck_assert_uint_eq(stats_of(table).requests, 1);
	arp_table_destroy(table);
}
END_TEST

START_TEST(three_requests_a_second_apart_then_given_up)
{
	struct arp_table *table = table_new(4, 100);
	struct arp_action action;

	ck_assert_int_eq(hold(table, HOST, 0, 0), 1);
	ck_assert_uint_eq(arp_table_deadline(table), NSEC_PER_SEC);
	must_rest(table, NSEC_PER_SEC - 1);
	action = must_ask(table, NSEC_PER_SEC);
	ck_assert(!action.unicast);
	ck_assert_int_eq(hold(table, HOST, 1, NSEC_PER_SEC), 0);
	must_rest(table, 2 * NSEC_PER_SEC - 1);
	must_ask(table, 2 * NSEC_PER_SEC);
	must_rest(table, 3 * NSEC_PER_SEC - 1);
	ck_assert(arp_table_advance(table, 3 * NSEC_PER_SEC, &action));
	ck_assert_int_eq(action.kind, ARP_ACTION_GIVE_UP);
	ck_assert_uint_eq(action.n, 2);
	ck_assert_ptr_eq(action.items[0], &packets[0]);
	ck_assert_ptr_eq(action.items[1], &packets[1]);
	ck_assert_ptr_null(arp_table_find(table, 0, HOST));
	ck_assert_uint_eq(arp_table_deadline(table), NSEC_NEVER);
	ck_assert_uint_eq(stats_of(table).given_up, 1);
	ck_assert_uint_eq(stats_of(table).entries, 0);
	arp_table_destroy(table);
}
END_TEST

START_TEST(idle_entries_age_without_a_word)
{
	struct arp_table *table = table_new(4, 100);
	struct arp_action action;

	ck_assert_int_eq(learn(table, HOST, mac_a, 0), 0);
	while (arp_table_deadline(table) != NSEC_NEVER) {
		ck_assert_uint_le(arp_table_deadline(table), ARP_TIMEOUT_DEFAULT);
		ck_assert_ptr_nonnull(arp_table_find(table, 0, HOST));
		ck_assert(!arp_table_advance(table, arp_table_deadline(table), &action));
	}
	ck_assert_ptr_null(arp_table_find(table, 0, HOST));
	ck_assert_uint_eq(stats_of(table).aged, 1);
	ck_assert_uint_eq(stats_of(table).requests, 0);
	arp_table_destroy(table);
}
END_TEST

START_TEST(used_entries_are_probed_before_they_age)
{
	struct arp_table *table = table_new(4, 100);
	uint64_t probe = ARP_TIMEOUT_DEFAULT - ARP_TIMEOUT_DEFAULT / 4;
	struct arp_action action;

	ck_assert_int_eq(learn(table, HOST, mac_a, 0), 0);
	arp_table_find(table, 0, HOST)->used = true;
	arp_table_find(table, 0, HOST)->framed = true;
	must_rest(table, probe - 1);
	action = must_ask(table, probe);
	ck_assert(action.unicast);
	ck_assert_mem_eq(action.mac, mac_a, 6);
	/* Still good while it is asked. */
	ck_assert(arp_entry_resolved(arp_table_find(table, 0, HOST)));
	ck_assert(arp_table_find(table, 0, HOST)->framed);
	must_ask(table, probe + NSEC_PER_SEC);
	ck_assert_int_eq(learn(table, HOST, mac_b, probe + NSEC_PER_SEC + 1), 0);
	ck_assert_uint_eq(stats_of(table).moved, 1);
	ck_assert_mem_eq(arp_table_find(table, 0, HOST)->mac, mac_b, 6);
	ck_assert(!arp_table_find(table, 0, HOST)->framed);
	must_rest(table, ARP_TIMEOUT_DEFAULT);
	ck_assert(!arp_table_find(table, 0, HOST)->used);
	ck_assert_ptr_nonnull(arp_table_find(table, 0, HOST));
	arp_table_destroy(table);
}
END_TEST

/* One that came into use late is asked as soon as that is noticed. */
START_TEST(late_use_is_noticed)
{
	struct arp_table *table = table_new(4, 100);
	uint64_t probe = ARP_TIMEOUT_DEFAULT - ARP_TIMEOUT_DEFAULT / 4;

	ck_assert_int_eq(learn(table, HOST, mac_a, 0), 0);
	must_rest(table, probe);
	arp_table_find(table, 0, HOST)->used = true;
	must_ask(table, probe + NSEC_PER_SEC);
	arp_table_destroy(table);
}
END_TEST

START_TEST(pinned_entries_are_asked_for_ever)
{
	struct arp_table *table = table_new(1, 100);
	struct arp_action action;
	uint64_t now = 10;
	unsigned asked = 0, given_up = 0;

	ck_assert_int_eq(arp_table_pin(table, 0, HOST, now), 0);
	ck_assert_int_eq(arp_table_pin(table, 0, HOST + 1, now), -ENOSPC);
	ck_assert_int_eq(hold(table, HOST, 0, now), 1);
	/* No room but the pinned one's. */
	ck_assert_int_eq(hold(table, HOST + 1, 1, now), -ENOSPC);
	for (unsigned i = 0; i < 30; i++) {
		now = arp_table_deadline(table);
		while (arp_table_advance(table, now, &action)) {
			asked += action.kind == ARP_ACTION_REQUEST;
			given_up += action.kind == ARP_ACTION_GIVE_UP;
			ck_assert_uint_eq(action.n, given_up == 1 && asked == 2 ? 1 : 0);
		}
	}
	ck_assert_uint_eq(now, 10 + 30 * NSEC_PER_SEC);
	ck_assert_uint_eq(asked, 30);
	ck_assert_uint_eq(given_up, 10);
	/* It answers, is probed, falls silent, and is asked again within a second of its end. */
	ck_assert_int_eq(learn(table, HOST, mac_a, now), 0);
	arp_table_find(table, 0, HOST)->framed = true;
	must_ask(table, now + ARP_TIMEOUT_DEFAULT * 3 / 4);
	for (uint64_t t = now; t < now + ARP_TIMEOUT_DEFAULT; t = arp_table_deadline(table))
		while (arp_table_advance(table, t, &action))
			ck_assert(action.unicast);
	while (arp_table_deadline(table) <= now + ARP_TIMEOUT_DEFAULT)
		must_rest(table, now + ARP_TIMEOUT_DEFAULT);
	ck_assert(!arp_entry_resolved(arp_table_find(table, 0, HOST)));
	ck_assert(!arp_table_find(table, 0, HOST)->framed);
	ck_assert_uint_le(arp_table_deadline(table), now + ARP_TIMEOUT_DEFAULT + NSEC_PER_SEC);
	/* No packet makes it sooner. */
	ck_assert_int_eq(hold(table, HOST, 1, now + ARP_TIMEOUT_DEFAULT), 0);
	action = must_ask(table, arp_table_deadline(table));
	ck_assert(!action.unicast);
	arp_table_destroy(table);
}
END_TEST

START_TEST(full_queue_gives_up_its_oldest)
{
	struct arp_table *table = table_new(4, 100);
	struct arp_evicted evicted;
	void *items[ARP_QUEUE_MAX];

	for (int i = 0; i < ARP_QUEUE_MAX; i++)
		ck_assert_int_eq(hold(table, HOST, i, 0), i == 0);
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(
			arp_table_hold(table, 0, HOST, &packets[ARP_QUEUE_MAX + i], 0, &evicted),
			0);
		ck_assert_uint_eq(evicted.n, 1);
		ck_assert(!evicted.table_full);
		ck_assert_ptr_eq(evicted.items[0], &packets[i]);
	}
	ck_assert_int_eq(arp_table_learn(table, 0, HOST, mac_a, false, 0, items), ARP_QUEUE_MAX);
	for (int i = 0; i < ARP_QUEUE_MAX; i++)
		ck_assert_ptr_eq(items[i], &packets[5 + i]);
	arp_table_destroy(table);
}
END_TEST

START_TEST(full_table_gives_up_who_never_answered)
{
	struct arp_table *table = table_new(3, 100);
	struct arp_evicted evicted;
	void *items[ARP_QUEUE_MAX];

	ck_assert_int_eq(learn(table, HOST, mac_a, 0), 0);
	ck_assert_int_eq(hold(table, HOST + 1, 0, 1), 1);
	ck_assert_int_eq(hold(table, HOST + 1, 1, 1), 0);
	ck_assert_int_eq(hold(table, HOST + 2, 2, 2), 1);
	/* Others' words evict nothing. */
	ck_assert_int_eq(arp_table_learn(table, 0, HOST + 3, mac_a, true, 3, items), -ENOSPC);
	ck_assert_int_eq(arp_table_hold(table, 0, HOST + 3, &packets[3], 3, &evicted), 1);
	ck_assert(evicted.table_full);
	ck_assert_uint_eq(evicted.n, 2);
	ck_assert_ptr_eq(evicted.items[0], &packets[0]);
	ck_assert_ptr_eq(evicted.items[1], &packets[1]);
	ck_assert_ptr_null(arp_table_find(table, 0, HOST + 1));
	ck_assert_ptr_nonnull(arp_table_find(table, 0, HOST));
	/* With none of those, the one that was silent longest. */
	ck_assert_int_eq(learn(table, HOST + 2, mac_a, 4), 1);
	ck_assert_int_eq(learn(table, HOST + 3, mac_a, 5), 1);
	ck_assert_int_eq(learn(table, HOST, mac_a, 6), 0);
	ck_assert_int_eq(arp_table_hold(table, 0, HOST + 4, &packets[4], 7, &evicted), 1);
	ck_assert(evicted.table_full);
	ck_assert_uint_eq(evicted.n, 0);
	ck_assert_ptr_null(arp_table_find(table, 0, HOST + 2));
	ck_assert_uint_eq(stats_of(table).evicted, 2);
	ck_assert_uint_eq(stats_of(table).entries, 3);
	ck_assert_uint_eq(arp_table_drain(table, items, ARP_QUEUE_MAX), 1);
	ck_assert_ptr_eq(items[0], &packets[4]);
	arp_table_destroy(table);
}
END_TEST

START_TEST(all_queues_together_are_bounded)
{
	struct arp_table *table = table_new(8, 4);
	struct arp_evicted evicted;
	void *items[8];

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(hold(table, HOST + i, i, 0), 1);
	ck_assert_int_eq(hold(table, HOST + 4, 4, 0), -ENOSPC);
	ck_assert_ptr_null(arp_table_find(table, 0, HOST + 4));
	/* An address that has one waiting exchanges it. */
	ck_assert_int_eq(arp_table_hold(table, 0, HOST, &packets[5], 0, &evicted), 0);
	ck_assert_uint_eq(evicted.n, 1);
	ck_assert_ptr_eq(evicted.items[0], &packets[0]);
	ck_assert_uint_eq(stats_of(table).held, 4);
	ck_assert_uint_eq(arp_table_drain(table, items, 3), 3);
	ck_assert_uint_eq(arp_table_drain(table, items + 3, 3), 1);
	ck_assert_uint_eq(stats_of(table).held, 0);
	arp_table_destroy(table);
}
END_TEST

START_TEST(steps_through_its_entries)
{
	struct arp_table *table = table_new(8, 4);
	const struct arp_entry *entry = NULL;
	uint32_t sum = 0;

	for (unsigned i = 0; i < 5; i++)
		ck_assert_int_eq(learn(table, 1 + i, mac_a, 0), 0);
	while ((entry = arp_table_next(table, entry)))
		sum += entry->address;
	ck_assert_uint_eq(sum, 1 + 2 + 3 + 4 + 5);
	ck_assert_str_eq(arp_state_name(ARP_PROBING), "probing");
	ck_assert_str_eq(arp_state_name(ARP_INCOMPLETE), "incomplete");
	ck_assert_str_eq(arp_state_name((enum arp_state)17), "unknown");
	arp_table_destroy(table);
}
END_TEST

/* Each packet is given in once and comes back once. */
struct count {
	unsigned given, taken;
	uint8_t out[sizeof(packets) / sizeof(*packets)];
};

static void take(struct count *count, void **items, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		size_t at = (int *)items[i] - packets;

		ck_assert_uint_lt(at, count->given);
		ck_assert_uint_eq(count->out[at]++, 0);
		count->taken++;
	}
}

static void random_step(struct arp_table *table, struct count *count, uint64_t now)
{
	uint32_t address = HOST + rand() % 100;
	struct arp_entry *entry = arp_table_find(table, 0, address);
	void *items[ARP_QUEUE_MAX];
	struct arp_evicted evicted;
	int n;

	if (entry && arp_entry_resolved(entry)) {
		entry->used = true;
	} else if (rand() % 4) {
		n = arp_table_hold(table, 0, address, &packets[count->given], now, &evicted);
		count->given++;
		if (n < 0)
			take(count, (void *[]){&packets[count->given - 1]}, 1);
		else
			take(count, evicted.items, evicted.n);
		return;
	}
	n = arp_table_learn(table, 0, address, rand() % 2 ? mac_a : mac_b, rand() % 2, now, items);
	if (n > 0)
		take(count, items, n);
}

START_TEST(no_packet_is_lost)
{
	struct arp_table *table = table_new(1 + 7 * _i % 64, 1 + 31 * _i % 200);
	struct count count = {0};
	struct arp_action action;
	void *items[ARP_QUEUE_MAX];
	uint64_t now = 0;
	unsigned n;

	srand(_i);
	for (unsigned i = 0; i < 8; i++)
		arp_table_pin(table, 0, HOST + i, now);
	for (unsigned step = 0; step < 20000; step++) {
		now += rand() % (NSEC_PER_SEC / 20);
		random_step(table, &count, now);
		while (arp_table_advance(table, now, &action)) {
			ck_assert(action.kind == ARP_ACTION_GIVE_UP || action.n == 0);
			take(&count, action.items, action.n);
		}
		ck_assert_uint_gt(arp_table_deadline(table), now);
		ck_assert_uint_eq(stats_of(table).held, count.given - count.taken);
	}
	while ((n = arp_table_drain(table, items, ARP_QUEUE_MAX)))
		take(&count, items, n);
	ck_assert_uint_gt(count.given, 1000);
	ck_assert_uint_eq(count.given, count.taken);
	arp_table_destroy(table);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("arp_table");
	TCase *tcase = tcase_create("table");

	tcase_add_test(tcase, bad_values_are_named);
	tcase_add_test(tcase, first_packet_asks_answer_lets_go);
	tcase_add_test(tcase, three_requests_a_second_apart_then_given_up);
	tcase_add_test(tcase, idle_entries_age_without_a_word);
	tcase_add_test(tcase, used_entries_are_probed_before_they_age);
	tcase_add_test(tcase, late_use_is_noticed);
	tcase_add_test(tcase, pinned_entries_are_asked_for_ever);
	tcase_add_test(tcase, full_queue_gives_up_its_oldest);
	tcase_add_test(tcase, full_table_gives_up_who_never_answered);
	tcase_add_test(tcase, all_queues_together_are_bounded);
	tcase_add_test(tcase, steps_through_its_entries);
	tcase_add_loop_test(tcase, no_packet_is_lost, 0, 20);
	suite_add_tcase(suite, tcase);
	return suite;
}
