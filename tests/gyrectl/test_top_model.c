/* SPDX-License-Identifier: Apache-2.0 */
/* What grew between two readings: rates, new nodes, counters that were set back, the order. */
#include "canned.h"
#include "gyrectl/field.h"
#include "gyrectl/top.h"
#include "harness.h"

#include <string.h>

static struct top_reading before, now;
static struct top_model model;

static void read_runtime(struct top_reading *reading, const char *nsec, const char *nodes)
{
	char text[4096];

	snprintf(text, sizeof(text), "{'loop':'data','now_nsec':%s,'nodes':[%s]}", nsec, nodes);
	json_decref(reading->results[TOP_RUNTIME]);
	reading->results[TOP_RUNTIME] = canned_json(text);
}

/* Two seconds apart. */
static void set_up(void)
{
	read_runtime(&before, "1000000000",
		"{'name':'rx','kind':'input','calls':100,'vectors':1000,'sampled_calls':10,"
		"'sampled_items':100,'sampled_clocks':1000,'dropped':0,'punted':0},"
		"{'name':'ip','kind':'internal','calls':10,'vectors':1000,'sampled_calls':1,"
		"'sampled_items':100,'sampled_clocks':1000,'dropped':10,'punted':4},"
		"{'name':'tx','kind':'output','calls':10,'vectors':900,'dropped':0}");
	read_runtime(&now, "3000000000",
		"{'name':'rx','kind':'input','calls':300,'vectors':5000,'sampled_calls':20,"
		"'sampled_items':500,'sampled_clocks':9000,'dropped':0,'punted':0},"
		"{'name':'new','kind':'internal','calls':7,'vectors':7,'dropped':3,'punted':2},"
		"{'name':'ip','kind':'internal','calls':110,'vectors':5000,'sampled_calls':1,"
		"'sampled_items':100,'sampled_clocks':1000,'dropped':110,'punted':8},"
		"{'name':'tx','kind':'output','calls':10,'vectors':4700,'dropped':200}");
	now.results[TOP_LOOPS] = canned_json("{'loops':[{'name':'x'},{'name':'data','turns':3000,'"
					     "idle_turns':500,'sleeps':9}]}");
	before.results[TOP_LOOPS] =
		canned_json("{'loops':[{'name':'data','turns':1000,'idle_turns':0,'sleeps':5}]}");
}

static void tear_down(void)
{
	top_model_fini(&model);
	top_reading_fini(&before);
	top_reading_fini(&now);
}

static const char *name(size_t i)
{
	return field_raw(model.nodes[i].node, "name");
}

START_TEST(rates_are_growth_by_time)
{
	top_model_init(&model, &now, &before);
	ck_assert_double_eq(model.seconds, 2);
	ck_assert_uint_eq(model.n_nodes, 4);
	ck_assert_double_eq(model.nodes[0].rate, 2000);
	ck_assert_double_eq(model.nodes[0].calls, 100);
	ck_assert_double_eq(model.nodes[0].vectors, 20);
	ck_assert_double_eq(model.nodes[0].clocks, 20);
	/* 100 calls a second of 800 ns */
	ck_assert_double_eq_tol(model.nodes[0].busy, 0.008, 1e-9);
	ck_assert_double_eq(model.nodes[2].drops, 50);
	ck_assert_double_eq(model.in, 2000);
	ck_assert_double_eq(model.out, 1800);
	ck_assert_double_eq(model.dropped, 150);
	ck_assert_double_eq(model.punted, 2);
	ck_assert_double_eq(model.vectors, 40);
	ck_assert_double_eq(model.turns, 1000);
	ck_assert_double_eq(model.sleeps, 2);
	ck_assert_double_eq(model.idle, 25);
}
END_TEST

START_TEST(what_was_not_measured_is_unknown)
{
	top_model_init(&model, &now, &before);
	ck_assert_double_lt(model.nodes[2].clocks, 0);
	ck_assert_double_eq(model.nodes[2].busy, 0);
}
END_TEST

START_TEST(a_new_node_has_no_rate_yet)
{
	top_model_init(&model, &now, &before);
	ck_assert_str_eq(name(1), "new");
	ck_assert_double_eq(model.nodes[1].rate, 0);
	ck_assert_double_eq(model.nodes[1].drops, 0);
}
END_TEST

START_TEST(one_reading_has_no_rates)
{
	struct top_reading none = {{NULL}};

	top_model_init(&model, &now, &none);
	ck_assert_uint_eq(model.n_nodes, 4);
	ck_assert_double_eq(model.in, 0);
	ck_assert_double_eq(model.turns, 0);
	ck_assert_double_lt(model.nodes[0].clocks, 0);
}
END_TEST

/* A server that started anew: its counters and its clock are behind. */
START_TEST(what_was_set_back_is_no_rate)
{
	top_model_init(&model, &before, &now);
	ck_assert_double_eq(model.seconds, 0);
	for (size_t i = 0; i < model.n_nodes; i++) {
		ck_assert_double_eq(model.nodes[i].rate, 0);
		ck_assert_double_eq(model.nodes[i].drops, 0);
	}
	ck_assert_double_eq(model.turns, 0);
}
END_TEST

START_TEST(missing_results_are_empty)
{
	struct top_reading none = {{NULL}};

	top_model_init(&model, &none, &none);
	ck_assert_uint_eq(model.n_nodes + model.n_processes + model.n_errors, 0);
	ck_assert(!model.failed);
}
END_TEST

START_TEST(nodes_are_sorted)
{
	top_model_init(&model, &now, &before);
	top_model_sort(&model, TOP_SORT_NAME, false);
	ck_assert_str_eq(name(0), "ip");
	ck_assert_str_eq(name(3), "tx");
	top_model_sort(&model, TOP_SORT_RATE, false);
	/* rx and ip are as fast as each other: in the order of dispatch */
	ck_assert_str_eq(name(0), "rx");
	ck_assert_str_eq(name(1), "ip");
	ck_assert_str_eq(name(3), "new");
	top_model_sort(&model, TOP_SORT_RATE, true);
	ck_assert_str_eq(name(0), "new");
	ck_assert_str_eq(name(2), "rx");
	top_model_sort(&model, TOP_SORT_DROPS, false);
	ck_assert_str_eq(name(0), "tx");
	top_model_sort(&model, TOP_SORT_VECTORS, false);
	ck_assert_str_eq(name(0), "ip");
	top_model_sort(&model, TOP_SORT_CALLS, false);
	ck_assert_str_eq(name(0), "rx");
	top_model_sort(&model, TOP_SORT_CLOCKS, true);
	ck_assert_str_eq(name(3), "rx");
	top_model_sort(&model, TOP_SORT_RANK, false);
	ck_assert_str_eq(name(1), "new");
	top_model_sort(&model, TOP_SORT_RANK, true);
	ck_assert_str_eq(name(0), "tx");
}
END_TEST

START_TEST(idle_nodes_are_hidden)
{
	top_model_init(&model, &now, &before);
	top_model_hide_idle(&model);
	ck_assert_uint_eq(model.n_nodes, 3);
	ck_assert_str_eq(name(1), "ip");
}
END_TEST

START_TEST(processes_are_known_by_id)
{
	before.results[TOP_PROCESSES] =
		canned_json("{'processes':[{'name':'w','id':'1.1','runs':10,'run_nsec':1000},"
			    "{'name':'w','id':'2.1','runs':0,'run_nsec':0}]}");
	now.results[TOP_PROCESSES] =
		canned_json("{'processes':[{'name':'w','id':'2.1','runs':4,'run_nsec':20000000},"
			    "{'name':'w','id':'1.2','runs':99,'run_nsec':99}]}");
	top_model_init(&model, &now, &before);
	ck_assert_double_eq(model.processes[0].runs, 2);
	ck_assert_double_eq(model.processes[0].busy, 1);
	ck_assert_double_eq(model.processes[1].runs, 0);
}
END_TEST

START_TEST(reasons_are_sorted_by_rate)
{
	before.results[TOP_ERRORS] = canned_json("{'errors':[{'node':'a','reason':'x','count':100},"
						 "{'node':'a','reason':'y','count':5}]}");
	now.results[TOP_ERRORS] = canned_json("{'errors':[{'node':'a','reason':'w','count':4},"
					      "{'node':'a','reason':'x','count':100},"
					      "{'node':'a','reason':'y','count':15},"
					      "{'node':'b','reason':'y','count':0}]}");
	top_model_init(&model, &now, &before);
	ck_assert_uint_eq(model.n_errors, 4);
	ck_assert_str_eq(field_raw(model.errors[0].error, "reason"), "y");
	ck_assert_double_eq(model.errors[0].rate, 5);
	ck_assert_str_eq(field_raw(model.errors[1].error, "reason"), "w");
	ck_assert_double_eq(model.errors[1].rate, 2);
	ck_assert_str_eq(field_raw(model.errors[2].error, "reason"), "x");
	ck_assert_double_eq(model.errors[2].rate, 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("top_model");
	TCase *tcase = tcase_create("top_model");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, rates_are_growth_by_time);
	tcase_add_test(tcase, what_was_not_measured_is_unknown);
	tcase_add_test(tcase, a_new_node_has_no_rate_yet);
	tcase_add_test(tcase, one_reading_has_no_rates);
	tcase_add_test(tcase, what_was_set_back_is_no_rate);
	tcase_add_test(tcase, missing_results_are_empty);
	tcase_add_test(tcase, nodes_are_sorted);
	tcase_add_test(tcase, idle_nodes_are_hidden);
	tcase_add_test(tcase, processes_are_known_by_id);
	tcase_add_test(tcase, reasons_are_sorted_by_rate);
	suite_add_tcase(suite, tcase);
	return suite;
}
