/* SPDX-License-Identifier: Apache-2.0 */
/* lib/graph/inline.c: the inlines exist as symbols and do the same when they are called. */
#include "graph/rig.h"
#include "harness.h"

/* Pointers that the compiler may not see through: the calls reach the symbols. */
static struct {
	void *(*volatile data)(const struct gyre_node *node);
	struct gyre_loop *(*volatile loop)(const struct gyre_node *node);
	uint64_t (*volatile now)(const struct gyre_node *node);
	void **(*volatile reserve)(struct gyre_node *node, gyre_next next, unsigned n);
	void (*volatile commit)(struct gyre_node *node, gyre_next next, unsigned m);
	void (*volatile put)(
		struct gyre_node *node, gyre_next next, void *const *items, unsigned n);
	struct gyre_sender (*volatile open)(const struct gyre_node *node);
	void (*volatile send)(struct gyre_sender *sender, gyre_next next, void *item);
	gyre_next (*volatile close)(const struct gyre_sender *sender);
	void (*volatile put_1)(struct gyre_node *node, gyre_next next, void *item);
	void (*volatile put_2)(struct gyre_node *node, gyre_next next, void *a, void *b);
	void (*volatile put_4)(
		struct gyre_node *node, gyre_next next, void *a, void *b, void *c, void *d);
	void (*volatile prefetch)(const void *address);
	void (*volatile prefetch_write)(const void *address);
	void (*volatile prefetch_ahead)(void *const *items, unsigned i, unsigned n);
} const symbols = {
	gyre_node_data,
	gyre_node_loop,
	gyre_node_now,
	gyre_next_reserve,
	gyre_next_commit,
	gyre_next_put,
	gyre_sender_open,
	gyre_sender_put,
	gyre_sender_close,
	gyre_next_put_1,
	gyre_next_put_2,
	gyre_next_put_4,
	gyre_prefetch,
	gyre_prefetch_write,
	gyre_prefetch_ahead,
};

START_TEST(writers)
{
	struct rig *rig = rig_new(8);
	struct gyre_node *node;
	void *items[20];

	rig_probe(rig, "a", RIG_NEXTS("end"));
	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	node = rig_node(rig, "a")->hot;
	for (unsigned i = 0; i < 20; i++)
		items[i] = rig_item_new(rig, 0, i);
	memcpy(symbols.reserve(node, 0, 8), items, 3 * sizeof(*items));
	symbols.commit(node, 0, 3);
	symbols.put(node, 0, items + 3, 10);
	symbols.put_1(node, 0, items[13]);
	symbols.put_2(node, 0, items[14], items[15]);
	symbols.put_4(node, 0, items[16], items[17], items[18], items[19]);
	ck_assert_uint_eq(node->created, 20);
	rig_part(rig->graph, UINT32_MAX);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 20);
	rig_free(rig);
}
END_TEST

static gyre_next send_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct gyre_sender sender = symbols.open(node);

	(void)nexts;
	for (unsigned i = 0; i < n; i++)
		symbols.send(&sender, 0, items[i]);
	return symbols.close(&sender);
}

static const char *const to_end[] = {"end"};

static const struct gyre_node_class send_class = {
	.name = "send",
	.kind = GYRE_NODE_INTERNAL,
	.process = send_process,
	.nexts = to_end,
	.n_nexts = 1,
};

START_TEST(senders)
{
	struct rig *rig = rig_new(8);
	struct gyre_node_id send = rig_add(rig, &send_class, "send");

	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	rig_run(rig, send, 0, 4);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 4);
	rig_free(rig);
}
END_TEST

START_TEST(readers)
{
	struct rig *rig = rig_new(8);
	struct gyre_node *node;
	void *items[4] = {NULL, NULL, NULL, NULL};

	rig_probe(rig, "a", 0, NULL);
	node = rig_node(rig, "a")->hot;
	rig->loop.now = 4711;
	ck_assert_ptr_eq(symbols.data(node), node + 1);
	ck_assert_ptr_eq(symbols.loop(node), &rig->loop);
	ck_assert_uint_eq(symbols.now(node), 4711);
	symbols.prefetch(items);
	symbols.prefetch_write(items);
	for (unsigned i = 0; i < 4; i++)
		symbols.prefetch_ahead(items, i, 4);
	ck_assert_int_eq(gyre_abi_0, 0);
	rig_free(rig);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("inline");
	TCase *tcase = tcase_create("inline");

	tcase_add_test(tcase, writers);
	tcase_add_test(tcase, senders);
	tcase_add_test(tcase, readers);
	suite_add_tcase(suite, tcase);
	return suite;
}
