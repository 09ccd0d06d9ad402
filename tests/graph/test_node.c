/* SPDX-License-Identifier: Apache-2.0 */
/* lib/graph/node.c: instances from add to del, every error by its text or errno, handles that die.
 */
#include "graph/rig.h"
#include "harness.h"

#include <errno.h>
#include <stdlib.h>

#define LONG "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct gyre_node_id dead = {0, 0};

/* What add says; the text is checked. */
static int add(
	struct rig *rig, const char *name, struct gyre_node_options options, const char *text)
{
	struct gyre_node_id id = {99, 99};
	struct gyre_error error = {0, ""};
	int code;

	options.error = &error;
	code = gyre_node_add(&rig->loop, &rig_end_class, name, &options, &id);
	ck_assert_str_eq(error.text, text);
	if (code < 0)
		ck_assert_uint_eq(id.index, 99);
	return code;
}

START_TEST(names)
{
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	struct rig *rig = rig_new(4);

	ck_assert_int_eq(add(rig, "a", options, ""), 0);
	ck_assert_int_eq(add(rig, "a", options, "node 'a': the name is taken"), -EEXIST);
	ck_assert_int_eq(add(rig, "", options, "a node has no name"), -EINVAL);
	ck_assert_int_eq(add(rig, NULL, options, "a node has no name"), -EINVAL);
	ck_assert_int_eq(
		add(rig, LONG, options, "node '" LONG "': name is over 63 bytes"), -EINVAL);
	ck_assert_int_eq(add(rig, &LONG[1], options, ""), 0);
	ck_assert_str_eq(gyre_node_name(rig_node(rig, &LONG[1])->hot), &LONG[1]);
	ck_assert_ptr_eq(gyre_node_get(&rig->loop, gyre_node_id(rig_node(rig, &LONG[1])->hot)),
		rig_node(rig, &LONG[1])->hot);
	rig_free(rig);
}
END_TEST

START_TEST(option_sizes)
{
	struct {
		struct gyre_node_options options;
		char more[8];
	} newer;
	struct rig *rig = rig_new(4);
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;

	options.size = 8;
	ck_assert_int_eq(gyre_node_add(&rig->loop, &rig_end_class, "a", &options, NULL), -EINVAL);
	memset(&newer, 0, sizeof(newer));
	gyre_node_options_init(&newer.options, sizeof(newer.options));
	newer.options.size = sizeof(newer);
	ck_assert_int_eq(gyre_node_add(&rig->loop, &rig_end_class, "a", &newer.options, NULL), 0);
	newer.more[3] = 1;
	ck_assert_int_eq(
		gyre_node_add(&rig->loop, &rig_end_class, "b", &newer.options, NULL), -E2BIG);
	rig_free(rig);
}
END_TEST

struct life {
	int fails, inits, finis;
};

struct data {
	char bytes[100];
	struct life *life;
};

static int data_init(struct gyre_node *node, const void *arg)
{
	struct data *data = gyre_node_data(node);

	ck_assert_uint_eq((uintptr_t)data % 64, 0);
	for (size_t i = 0; i < sizeof(data->bytes); i++)
		ck_assert_int_eq(data->bytes[i], 0);
	memset(data->bytes, 0xff, sizeof(data->bytes));
	data->life = (struct life *)arg;
	data->life->inits++;
	return data->life->fails;
}

static void data_fini(struct gyre_node *node)
{
	struct data *data = gyre_node_data(node);

	data->life->finis++;
}

static gyre_next keep(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)nexts;
	for (unsigned i = 0; i < n; i++)
		rig_item_end(items[i]);
	return GYRE_NEXT_KEEP;
}

static const struct gyre_node_class living_class = {
	.name = "living",
	.kind = GYRE_NODE_OUTPUT,
	.process = keep,
	.init = data_init,
	.fini = data_fini,
	.data_size = sizeof(struct data),
};

START_TEST(init_and_fini)
{
	struct rig *rig = rig_new(4);
	struct life life = {0, 0, 0};
	struct gyre_error error = {0, ""};
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	struct gyre_node_id id;

	options.arg = &life;
	options.error = &error;
	life.fails = -EXDEV;
	ck_assert_int_eq(gyre_node_add(&rig->loop, &living_class, "a", &options, &id), -EXDEV);
	ck_assert_str_eq(error.text, "node 'a': the init of class 'living' failed");
	ck_assert_int_eq(life.finis, 0);
	ck_assert_int_eq(gyre_node_find(&rig->loop, "a", &id), -ENOENT);
	life.fails = 0;
	ck_assert_int_eq(gyre_node_add(&rig->loop, &living_class, "a", &options, &id), 0);
	ck_assert_int_eq(gyre_node_add(&rig->loop, &living_class, "b", &options, NULL), 0);
	ck_assert_int_eq(gyre_node_del(&rig->loop, id), 0);
	ck_assert_int_eq(life.finis, 1);
	rig_free(rig);
	ck_assert_int_eq(life.inits, 3);
	ck_assert_int_eq(life.finis, 2);
}
END_TEST

START_TEST(no_memory_for_data)
{
	struct gyre_node_class node_class = rig_end_class;
	struct rig *rig = rig_new(4);
	struct gyre_node_id id;

	node_class.data_size = SIZE_MAX - 3;
	ck_assert_int_eq(gyre_node_add(&rig->loop, &node_class, "a", NULL, NULL), -ENOMEM);
	ck_assert_int_eq(gyre_node_find(&rig->loop, "a", &id), -ENOENT);
	rig_free(rig);
}
END_TEST

START_TEST(dead_handles)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_id first = rig_add(rig, &rig_end_class, "a"), second;
	struct gyre_node_id ids[] = {dead, first, {5, 1}, {4096, 1}, {UINT32_MAX, 1}};

	ck_assert_ptr_nonnull(gyre_node_get(&rig->loop, first));
	ck_assert_int_eq(gyre_node_del(&rig->loop, first), 0);
	second = rig_add(rig, &rig_end_class, "a");
	ck_assert(second.index != first.index || second.generation != first.generation);
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_ptr_null(gyre_node_get(&rig->loop, ids[i]));
		ck_assert_int_eq(gyre_node_connect(&rig->loop, ids[i], 0, "a"), -ESRCH);
		ck_assert_int_eq(gyre_node_disable(&rig->loop, ids[i]), -ESRCH);
		ck_assert_int_eq(gyre_node_enable(&rig->loop, ids[i]), -ESRCH);
		ck_assert_int_eq(gyre_node_del(&rig->loop, ids[i]), -ESRCH);
		ck_assert_int_eq(gyre__graph_enter(rig->graph, ids[i], NULL, 0), -ESRCH);
	}
	ck_assert_ptr_nonnull(gyre_node_get(&rig->loop, second));
	rig_free(rig);
}
END_TEST

START_TEST(find)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_id id = rig_add(rig, &rig_end_class, "a"), found = {9, 9};

	ck_assert_int_eq(gyre_node_find(&rig->loop, "b", &found), -ENOENT);
	ck_assert_int_eq(gyre_node_find(&rig->loop, NULL, &found), -ENOENT);
	ck_assert_uint_eq(found.index, 9);
	ck_assert_int_eq(gyre_node_find(&rig->loop, "a", &found), 0);
	ck_assert_uint_eq(found.index, id.index);
	ck_assert_uint_eq(found.generation, id.generation);
	rig_free(rig);
}
END_TEST

START_TEST(connect)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_id id = rig_add(rig, &rig_probe_classes[2], "a");

	ck_assert_int_eq(gyre_node_connect(&rig->loop, id, 2, "a"), -EINVAL);
	ck_assert_int_eq(gyre_node_connect(&rig->loop, id, 0, NULL), -EINVAL);
	ck_assert_int_eq(gyre_node_connect(&rig->loop, id, 0, ""), -EINVAL);
	ck_assert_int_eq(gyre_node_connect(&rig->loop, id, 0, LONG), -EINVAL);
	ck_assert_int_eq(gyre_node_connect(&rig->loop, id, 0, "b"), 0);
	ck_assert_int_eq(gyre_node_connect(&rig->loop, id, 0, "c"), 0);
	ck_assert_str_eq(rig_node(rig, "a")->targets[0], "c");
	ck_assert(gyre__graph_changed(rig->graph));
	rig_free(rig);
}
END_TEST

static const char *const defaults[] = {"x", "y", NULL};

START_TEST(options_name_nexts)
{
	static const struct gyre_node_class node_class = {
		.name = "c",
		.kind = GYRE_NODE_INTERNAL,
		.process = keep,
		.nexts = defaults,
		.n_nexts = 3,
	};
	const char *own[] = {NULL, "mine", "other"};
	struct rig *rig = rig_new(4);
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;

	options.nexts = own;
	ck_assert_int_eq(gyre_node_add(&rig->loop, &node_class, "a", &options, NULL), 0);
	own[1] = "copied";
	ck_assert_str_eq(rig_node(rig, "a")->targets[0], "x");
	ck_assert_str_eq(rig_node(rig, "a")->targets[1], "mine");
	ck_assert_str_eq(rig_node(rig, "a")->targets[2], "other");
	rig_free(rig);
}
END_TEST

START_TEST(disabled_nodes_drop)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_id a = rig_probe(rig, "a", RIG_NEXTS("end"));
	struct gyre_node_id end = rig_add(rig, &rig_end_class, "end");

	rig_build(rig);
	ck_assert_int_eq(gyre_node_disable(&rig->loop, end), 0);
	ck_assert_int_eq(gyre_node_disable(&rig->loop, end), 0);
	rig_run(rig, a, 0, 6);
	ck_assert_uint_eq(rig_drops(rig, "end", "disabled"), 6);
	ck_assert_uint_eq(rig_node(rig, "end")->dropped, 6);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 0);
	ck_assert_int_eq(gyre_node_enable(&rig->loop, end), 0);
	rig_run(rig, a, 0, 5);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 5);
	ck_assert_uint_eq(rig_drops(rig, "end", "disabled"), 6);
	rig_free(rig);
}
END_TEST

static unsigned poll_nothing(struct gyre_node *node, unsigned max)
{
	(void)node, (void)max;
	return 0;
}

static const struct gyre_node_class input_class = {
	.name = "input", .kind = GYRE_NODE_INPUT, .poll = poll_nothing};
static const struct gyre_node_class pre_input_class = {
	.name = "pre-input", .kind = GYRE_NODE_PRE_INPUT, .poll = poll_nothing};

START_TEST(disabled_inputs_are_not_polled)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	struct gyre_node_id a = rig_add(rig, &input_class, "a"), b;

	options.disabled = true;
	ck_assert_int_eq(gyre_node_add(&rig->loop, &pre_input_class, "b", &options, &b), 0);
	ck_assert_uint_eq(gyre__graph_inputs(rig->graph), 0);
	rig_build(rig);
	ck_assert_uint_eq(gyre__graph_inputs(rig->graph), 1);
	rig_sweep(rig);
	ck_assert_int_eq(gyre_node_enable(&rig->loop, b), 0);
	ck_assert_uint_eq(gyre__graph_inputs(rig->graph), 2);
	rig_sweep(rig);
	ck_assert_int_eq(gyre_node_disable(&rig->loop, a), 0);
	ck_assert_uint_eq(gyre__graph_inputs(rig->graph), 1);
	rig_sweep(rig);
	ck_assert_uint_eq(gyre_node_get(&rig->loop, a)->calls, 2);
	ck_assert_uint_eq(gyre_node_get(&rig->loop, b)->calls, 2);
	ck_assert_int_eq(gyre_node_del(&rig->loop, b), 0);
	ck_assert_uint_eq(gyre__graph_inputs(rig->graph), 0);
	rig_sweep(rig);
	rig_free(rig);
}
END_TEST

static unsigned poll_once(struct gyre_node *node, unsigned max)
{
	(void)max;
	ck_assert_int_eq(gyre_node_disable(gyre_node_loop(node), node->cold->id), 0);
	return 0;
}

START_TEST(an_input_disables_itself)
{
	static const struct gyre_node_class node_class = {
		.name = "once", .kind = GYRE_NODE_INPUT, .poll = poll_once};
	struct rig *rig = rig_new(4);
	struct gyre_node_id a = rig_add(rig, &node_class, "a");
	struct gyre_node_id b = rig_add(rig, &input_class, "b");

	rig_build(rig);
	ck_assert_uint_eq(gyre__graph_inputs(rig->graph), 2);
	rig_sweep(rig);
	ck_assert_uint_eq(gyre__graph_inputs(rig->graph), 1);
	rig_sweep(rig);
	ck_assert_uint_eq(gyre_node_get(&rig->loop, a)->calls, 1);
	ck_assert_uint_eq(gyre_node_get(&rig->loop, b)->calls, 2);
	rig_free(rig);
}
END_TEST

static unsigned poll_jealous(struct gyre_node *node, unsigned max)
{
	struct gyre_loop *loop = gyre_node_loop(node);
	struct gyre_node_id other;

	(void)max;
	ck_assert_int_eq(gyre_node_find(loop, "a", &other), 0);
	ck_assert_int_eq(gyre_node_disable(loop, other), 0);
	return 0;
}

START_TEST(an_input_disables_one_behind_it)
{
	static const struct gyre_node_class node_class = {
		.name = "jealous", .kind = GYRE_NODE_PRE_INPUT, .poll = poll_jealous};
	struct gyre_node_id a, b;
	struct rig rig;

	rig_init(&rig);
	rig.options.node_stats = _i;
	rig_create(&rig);
	a = rig_add(&rig, &input_class, "a");
	b = rig_add(&rig, &node_class, "b");
	rig_build(&rig);
	rig_sweep(&rig);
	ck_assert_uint_eq(gyre_node_get(&rig.loop, a)->calls, 0);
	ck_assert_int_eq(gyre_node_disable(&rig.loop, b), 0);
	ck_assert_int_eq(gyre_node_enable(&rig.loop, a), 0);
	rig_sweep(&rig);
	ck_assert_uint_eq(gyre_node_get(&rig.loop, a)->calls, _i);
	ck_assert_uint_eq(gyre_node_get(&rig.loop, b)->calls, _i);
	rig_destroy(&rig);
}
END_TEST

START_TEST(deletion)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_id a = rig_probe(rig, "a", RIG_NEXTS("b"));
	struct gyre_node_id b = rig_probe(rig, "b", RIG_NEXTS("b"));
	struct gyre_node_id c = rig_add(rig, &rig_end_class, "c");
	struct rig_item *item;

	rig_build(rig);
	ck_assert_int_eq(gyre_node_del(&rig->loop, b), -EBUSY);
	ck_assert_str_eq(rig->log, "node 'b' is not deleted: 'a' leads to it\n");
	/* As built it still leads there. */
	rig_connect(rig, a, 0, "c");
	ck_assert_int_eq(gyre_node_del(&rig->loop, b), -EBUSY);
	ck_assert_int_eq(gyre_node_del(&rig->loop, c), -EBUSY);
	rig_build(rig);
	/* It leads to itself, which does not hold it. */
	item = rig_item_new(rig, 0, 0);
	ck_assert_int_eq(gyre__graph_enter(rig->graph, b, (void *const *)&item, 1), 1);
	ck_assert_int_eq(gyre_node_del(&rig->loop, b), -EBUSY);
	/* Neither may what waits for it in the next generation be forgotten. */
	ck_assert_uint_eq(rig_part(rig->graph, 1), 1);
	ck_assert_uint_ne(rig_node(rig, "b")->hot->waiting[1], 0);
	ck_assert_int_eq(gyre_node_del(&rig->loop, b), -EBUSY);
	rig_part(rig->graph, UINT32_MAX);
	ck_assert_int_eq(gyre_node_del(&rig->loop, b), 0);
	ck_assert_int_eq(gyre_node_find(&rig->loop, "b", &b), -ENOENT);
	/* The graph works on without it, and is built without it. */
	rig_run(rig, a, 0, 3);
	rig_build(rig);
	rig_run(rig, a, 0, 3);
	ck_assert_uint_eq(rig_probe_of(rig, "c")->items, 6);
	rig_free(rig);
}
END_TEST

/* Tries all that is refused inside a node function. */
static gyre_next meddle(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct gyre_loop *loop = gyre_node_loop(node);
	struct gyre_error error = {0, ""};
	struct gyre_node_id id = node->cold->id, other;

	ck_assert_int_eq(gyre_node_add(loop, &rig_end_class, "new", NULL, NULL), -EBUSY);
	ck_assert_int_eq(gyre_node_connect(loop, id, 0, "end"), -EBUSY);
	ck_assert_int_eq(gyre_node_del(loop, id), -EBUSY);
	ck_assert_int_eq(gyre_graph_build(loop, &error), -EBUSY);
	ck_assert_str_eq(error.text, "a build inside a node function");
	/* What is not: */
	ck_assert_int_eq(gyre_node_find(loop, "end", &other), 0);
	ck_assert_int_eq(gyre_node_disable(loop, other), 0);
	(void)items, (void)nexts, (void)n;
	return 0;
}

START_TEST(inside_a_node_function)
{
	static const char *const nexts[] = {"end"};
	static const struct gyre_node_class node_class = {
		.name = "meddler",
		.kind = GYRE_NODE_INTERNAL,
		.process = meddle,
		.nexts = nexts,
		.n_nexts = 1,
	};
	struct rig *rig = rig_new(4);
	struct gyre_node_id id = rig_add(rig, &node_class, "a");

	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	rig_run(rig, id, 0, 2);
	ck_assert_uint_eq(rig_drops(rig, "end", "disabled"), 2);
	rig_free(rig);
}
END_TEST

START_TEST(as_many_as_there_are)
{
	struct rig *rig = rig_new(1);
	struct gyre_error error = {0, ""};
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	struct gyre_node_id first = {0, 0}, id;
	char name[16];

	options.error = &error;
	for (unsigned i = 0; i < 4096; i++) {
		snprintf(name, sizeof(name), "node-%u", i);
		id = rig_add(rig, &rig_end_class, name);
		if (!i)
			first = id;
	}
	ck_assert_int_eq(gyre_node_add(&rig->loop, &rig_end_class, "more", &options, &id), -ENOSPC);
	ck_assert_str_eq(error.text, "node 'more': there are 4096 nodes");
	rig_build(rig);
	rig_run(rig, id, 0, 3);
	rig_run(rig, first, 0, 2);
	ck_assert_uint_eq(rig_probe_of(rig, "node-4095")->items, 3);
	ck_assert_uint_eq(rig_probe_of(rig, "node-0")->items, 2);
	ck_assert_int_eq(gyre_node_del(&rig->loop, first), 0);
	rig_add(rig, &rig_end_class, "more");
	rig_free(rig);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("node");
	TCase *tcase = tcase_create("node");

	tcase_add_test(tcase, names);
	tcase_add_test(tcase, option_sizes);
	tcase_add_test(tcase, init_and_fini);
	tcase_add_test(tcase, no_memory_for_data);
	tcase_add_test(tcase, dead_handles);
	tcase_add_test(tcase, find);
	tcase_add_test(tcase, connect);
	tcase_add_test(tcase, options_name_nexts);
	tcase_add_test(tcase, disabled_nodes_drop);
	tcase_add_test(tcase, disabled_inputs_are_not_polled);
	tcase_add_test(tcase, an_input_disables_itself);
	tcase_add_loop_test(tcase, an_input_disables_one_behind_it, 0, 2);
	tcase_add_test(tcase, deletion);
	tcase_add_test(tcase, inside_a_node_function);
	tcase_add_test(tcase, as_many_as_there_are);
	suite_add_tcase(suite, tcase);
	return suite;
}
