/* SPDX-License-Identifier: Apache-2.0 */
/* nodes, nodes.set, graph and links. */
#include "control/rig.h"

#include <string.h>
#include <unistd.h>

#include "harness.h"

static struct rig rig;
static int fd;

static void setup(void)
{
	rig_init(&rig, "methods-graph");
	rig_open(&rig);
	fd = rig_connect(&rig);
}

static void teardown(void)
{
	close(fd);
	rig_close(&rig);
}

START_TEST(nodes_shows_where_they_lead)
{
	json_t *result = rig_ask(fd, "nodes", NULL), *nodes = json_object_get(result, "nodes");
	json_t *filter = rig_find(nodes, "filter"), *reason;

	ck_assert_uint_eq(json_array_size(nodes), 3);
	ck_assert_str_eq(
		json_string_value(json_array_get(json_object_get(filter, "nexts"), 0)), "sink");
	ck_assert(json_is_false(json_object_get(filter, "disabled")));
	ck_assert(json_is_true(json_object_get(rig_find(nodes, "source"), "disabled")));
	ck_assert_str_eq(rig_text(rig_find(nodes, "sink"), "kind"), "output");
	reason = rig_find(json_object_get(filter, "reasons"), "fourth");
	ck_assert_str_eq(rig_text(reason, "severity"), "warning");
	ck_assert_ptr_nonnull(rig_find(json_object_get(filter, "reasons"), "hop-budget"));
	json_decref(result);
}
END_TEST

START_TEST(set_takes_a_node_out_and_back)
{
	static const char *const states[] = {"disabled", "enabled"};
	char params[64];

	for (int i = 0; i < 6; i++) {
		json_t *result, *node;

		snprintf(params, sizeof(params), "{\"node\":\"filter\",\"state\":\"%s\"}",
			states[i % 2]);
		result = rig_ask(fd, "nodes.set", params);
		ck_assert_str_eq(rig_text(result, "node"), "filter");
		ck_assert_str_eq(rig_text(result, "state"), states[i % 2]);
		json_decref(result);
		/* Who asks afterwards sees it, however young the last reading is. */
		result = rig_ask(fd, "nodes", NULL);
		node = rig_find(json_object_get(result, "nodes"), "filter");
		ck_assert_int_eq(json_is_true(json_object_get(node, "disabled")), i % 2 == 0);
		json_decref(result);
	}
}
END_TEST

START_TEST(set_says_what_is_wrong)
{
	char message[256];

	ck_assert_int_eq(rig_ask_error(fd, "nodes.set", "{\"node\":\"gone\",\"state\":\"enabled\"}",
				 message),
		-32002);
	ck_assert_str_eq(message, "no such node: 'gone'");
	ck_assert_int_eq(
		rig_ask_error(fd, "nodes.set", "{\"node\":\"sink\",\"state\":\"off\"}", message),
		-32602);
	ck_assert_str_eq(message, "state: must be one of enabled, disabled");
	ck_assert_int_eq(
		rig_ask_error(fd, "nodes.set", "{\"state\":\"enabled\"}", message), -32602);
	ck_assert_str_eq(message, "node: is needed");
}
END_TEST

static bool has_traffic(void *arg)
{
	(void)arg;
	return atomic_load(&rig.ended) > 1000;
}

START_TEST(graph_has_nodes_and_edges)
{
	json_t *result, *edge, *nodes, *edges;

	json_decref(rig_ask(fd, "nodes.set", "{\"node\":\"source\",\"state\":\"enabled\"}"));
	rig_until(has_traffic, NULL);
	json_decref(rig_ask(fd, "nodes.set", "{\"node\":\"source\",\"state\":\"disabled\"}"));
	result = rig_ask(fd, "graph", NULL);
	nodes = json_object_get(result, "nodes");
	edges = json_object_get(result, "edges");
	ck_assert_uint_eq(json_array_size(nodes), 3);
	ck_assert_uint_eq(json_array_size(edges), 2);
	edge = json_array_get(edges, 0);
	ck_assert_str_eq(rig_text(edge, "from"), "source");
	ck_assert_str_eq(rig_text(edge, "to"), "filter");
	ck_assert(json_is_false(json_object_get(edge, "back")));
	ck_assert_int_eq(rig_integer(edge, "items"), rig.born);
	edge = json_array_get(edges, 1);
	ck_assert_int_eq(rig_integer(edge, "items"), rig.ended);
	ck_assert_int_eq(rig_integer(rig_find(nodes, "sink"), "items"), rig.ended);
	json_decref(result);
}
END_TEST

START_TEST(graph_speaks_graphviz)
{
	json_t *result = rig_ask(fd, "graph", "{\"format\":\"dot\"}");
	const char *dot = rig_text(result, "dot");

	ck_assert_int_eq(strncmp(dot, "digraph", 7), 0);
	ck_assert_ptr_nonnull(strstr(dot, "\"filter\" -> \"sink\""));
	json_decref(result);
	ck_assert_int_eq(rig_ask_error(fd, "graph", "{\"format\":\"png\"}", NULL), -32602);
}
END_TEST

START_TEST(links_shows_them)
{
	json_t *result = rig_ask(fd, "links", NULL);
	json_t *link = rig_find(json_object_get(result, "links"), "port-0");

	ck_assert(json_is_true(json_object_get(link, "up")));
	ck_assert_int_eq(rig_integer(link, "changes"), 0);
	ck_assert_int_gt(rig_integer(link, "changed_nsec"), 0);
	json_decref(result);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("methods_graph");
	TCase *tcase = tcase_create("methods_graph");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, nodes_shows_where_they_lead);
	tcase_add_test(tcase, set_takes_a_node_out_and_back);
	tcase_add_test(tcase, set_says_what_is_wrong);
	tcase_add_test(tcase, graph_has_nodes_and_edges);
	tcase_add_test(tcase, graph_speaks_graphviz);
	tcase_add_test(tcase, links_shows_them);
	suite_add_tcase(suite, tcase);
	return suite;
}
