/* SPDX-License-Identifier: Apache-2.0 */
/* lib/graph/frame.c: the pool's order and growth, and the shape that inboxes keep. */
#include "graph/frame.h"
#include "graph/rig.h"
#include "harness.h"

#include <stdlib.h>

START_TEST(sizes_do_not_alias)
{
	for (unsigned vector = 1; vector <= GYRE_VECTOR_MAX; vector++) {
		size_t size = gyre__frame_size(vector);

		ck_assert_uint_ge(size, sizeof(struct gyre_frame) + (vector + 8) * sizeof(void *));
		ck_assert_uint_eq(size % 64, 0);
		ck_assert_uint_eq(size / 64 % 2, 1);
	}
}
END_TEST

START_TEST(last_freed_first_used)
{
	struct gyre__pool pool;
	struct gyre_frame *frames[5];

	gyre__pool_init(&pool, 3);
	ck_assert_ptr_null(gyre__pool_get(&pool));
	ck_assert_int_eq(gyre__pool_reserve(&pool, 5), 0);
	for (unsigned i = 0; i < 5; i++) {
		frames[i] = gyre__pool_get(&pool);
		ck_assert_ptr_nonnull(frames[i]);
		ck_assert_uint_eq((uintptr_t)frames[i] % 64, 0);
		ck_assert_ptr_eq(frames[i]->next, frames[i]);
	}
	ck_assert_ptr_null(gyre__pool_get(&pool));
	ck_assert_uint_eq(pool.n_free, 0);
	for (unsigned i = 0; i < 5; i++)
		gyre__pool_put(&pool, frames[i]);
	for (unsigned i = 5; i-- > 0;)
		ck_assert_ptr_eq(gyre__pool_get(&pool), frames[i]);
	gyre__pool_fini(&pool);
}
END_TEST

START_TEST(pool_grows_and_never_shrinks)
{
	struct gyre__pool pool;
	struct gyre_frame *frame;

	gyre__pool_init(&pool, 256);
	ck_assert_int_eq(gyre__pool_reserve(&pool, 2), 0);
	frame = gyre__pool_get(&pool);
	memset(frame->items, 0xff, (256 + 8) * sizeof(void *));
	ck_assert_int_eq(gyre__pool_reserve(&pool, 7), 0);
	ck_assert_uint_eq(pool.n_frames, 7);
	ck_assert_uint_eq(pool.n_free, 6);
	ck_assert_int_eq(gyre__pool_reserve(&pool, 1), 0);
	ck_assert_uint_eq(pool.n_frames, 7);
	gyre__pool_put(&pool, frame);
	gyre__pool_fini(&pool);
}
END_TEST

static void *const *numbers(struct rig *rig, unsigned n, void **items)
{
	for (unsigned i = 0; i < n; i++)
		items[i] = rig_item_new(rig, 0, rig->released + rig->live);
	return items;
}

static unsigned frame_check(const struct gyre_frame *frame, unsigned n, unsigned seq)
{
	for (unsigned i = 0; i < n; i++, seq++)
		ck_assert_uint_eq(((struct rig_item *)frame->items[i])->seq, seq);
	return seq;
}

/* All frames but the newest are full, and the items are numbered from the first one on. */
static void inbox_check(const struct gyre__graph *graph, const struct gyre_node *node,
	unsigned when, unsigned first, unsigned n)
{
	const struct gyre_frame *newest = node->inbox[when];
	unsigned seq = first;

	for (const struct gyre_frame *frame = newest->next; frame != newest; frame = frame->next)
		seq = frame_check(frame, graph->sweep.vector, seq);
	ck_assert(node->waiting[when] || !n);
	seq = frame_check(newest, node->waiting[when], seq);
	ck_assert_uint_eq(seq, first + n);
	ck_assert_uint_eq(gyre__inbox_count(graph, node, when), n);
}

START_TEST(inbox_stays_compact)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_id from = rig_probe(rig, "from", RIG_NEXTS("to"));
	struct gyre__graph *graph = rig->graph;
	struct gyre_node *node, *to;
	void *items[16];
	unsigned n = 0;

	rig_add(rig, &rig_end_class, "to");
	rig_build(rig);
	node = gyre_node_get(&rig->loop, from);
	to = node->nexts[0];
	inbox_check(graph, to, GYRE__NOW, 0, 0);
	for (unsigned put = 1; put <= 9; put++) {
		struct gyre_node *owner = graph->owner = &graph->start;
		struct gyre_frame **frame = &owner->inbox[GYRE__NOW];
		unsigned m = put % 4 + 1;

		*frame = gyre__pool_get(&graph->pool);
		memcpy((*frame)->items, numbers(rig, m, items), m * sizeof(*items));
		n += m;
		gyre__edge_hand(node, to, (*frame)->items, m);
		gyre__pool_put(&graph->pool, *frame);
		inbox_check(graph, to, GYRE__NOW, 0, n);
		n += put;
		gyre__edge_put(node, to, numbers(rig, put, items), put);
		inbox_check(graph, to, GYRE__NOW, 0, n);
	}
	ck_assert(gyre__graph_pending(graph));
	/* What waits in the other inbox comes behind it. */
	ck_assert_uint_eq(gyre__inbox_put(graph, to, GYRE__LATER, numbers(rig, 6, items), 6), 6);
	gyre__inbox_join(graph, to);
	inbox_check(graph, to, GYRE__NOW, 0, n + 6);
	inbox_check(graph, to, GYRE__LATER, 0, 0);
	gyre__inbox_release(graph, to, GYRE__NOW);
	ck_assert_uint_eq(rig->released, n + 6);
	memset(graph->pending, 0, sizeof(graph->pending));
	ck_assert_uint_eq(gyre__graph_frames_free(graph), graph->pool.n_frames);
	rig_free(rig);
}
END_TEST

/* A node and what it has waiting for this generation and for the next one. */
struct waiting {
	struct gyre_node *node;
	unsigned first[2], n[2]; /* by when */
};

static void waiting_put(struct rig *rig, struct waiting *waiting, unsigned when, unsigned n)
{
	void *items[16];

	waiting->first[when] = rig->released + rig->live;
	waiting->n[when] = n;
	gyre__inbox_put(rig->graph, waiting->node, when, numbers(rig, n, items), n);
}

static void waiting_check(struct rig *rig, const struct waiting *waiting)
{
	const struct gyre_node *node = waiting->node;

	for (unsigned when = 0; when < 2; when++) {
		const struct gyre__pending *pending = &rig->graph->pending[when];
		const unsigned word = node->rank / 64, n = waiting->n[when];

		inbox_check(rig->graph, node, when, waiting->first[when], n);
		ck_assert_int_eq((pending->words[word] & node->bit) != 0, n != 0);
	}
	ck_assert_ptr_ne(node->inbox[GYRE__NOW], node->inbox[GYRE__LATER]);
}

/* Nodes of three words, in each round with other items: in one frame and in several. */
START_TEST(later_is_now)
{
	enum { NODES = 200, WAITING = 4 };
	static const unsigned ranks[WAITING] = {3, 63, 64, 199};
	struct waiting all[WAITING];
	struct rig *rig = rig_new(4);
	struct gyre__graph *graph = rig->graph;
	char name[16];

	for (unsigned i = 0; i < NODES; i++) {
		snprintf(name, sizeof(name), "%u", i);
		rig_add(rig, &rig_end_class, name);
	}
	rig_build(rig);
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < WAITING; i++) {
			all[i] = (struct waiting){.node = graph->by_rank[ranks[i]]};
			waiting_put(rig, &all[i], GYRE__LATER, (round + i * 3) % 12);
			waiting_check(rig, &all[i]);
		}
		gyre__later_now(graph);
		ck_assert_uint_eq(graph->pending[GYRE__LATER].summary, 0);
		for (unsigned i = 0; i < WAITING; i++) {
			all[i].first[GYRE__NOW] = all[i].first[GYRE__LATER];
			all[i].n[GYRE__NOW] = all[i].n[GYRE__LATER];
			all[i].n[GYRE__LATER] = 0;
			waiting_check(rig, &all[i]);
			/* Of some, others wait already for the one after it. */
			if ((round + i) % 3)
				waiting_put(rig, &all[i], GYRE__LATER, 1 + (round + i) % 9);
			waiting_check(rig, &all[i]);
			gyre__inbox_release(graph, all[i].node, GYRE__NOW);
		}
		memset(&graph->pending[GYRE__NOW], 0, sizeof(graph->pending[GYRE__NOW]));
		graph->uneven = true;
		rig_part(graph, UINT32_MAX);
		ck_assert(!gyre__graph_pending(graph));
		ck_assert_uint_eq(rig->live, 0);
		ck_assert_uint_eq(gyre__graph_frames_free(graph), graph->pool.n_frames);
	}
	rig_free(rig);
}
END_TEST

START_TEST(dry_pool_takes_what_fits)
{
	struct rig *rig = rig_new(4);
	struct gyre_node *node;
	unsigned n_free;
	void *items[16];

	rig_probe(rig, "from", RIG_NEXTS("to"));
	rig_add(rig, &rig_end_class, "to");
	rig_build(rig);
	node = rig_node(rig, "from")->hot;
	/* All frames but one, and the inbox's own, are somewhere else. */
	n_free = rig->graph->pool.n_free;
	rig->graph->pool.n_free = 1;
	gyre__edge_put(node, node->nexts[0], numbers(rig, 11, items), 11);
	ck_assert_uint_eq(rig_drops(rig, "from", "no-frames"), 3);
	ck_assert_uint_eq(rig->released, 3);
	rig_part(rig->graph, UINT32_MAX);
	ck_assert_uint_eq(rig_probe_of(rig, "to")->items, 8);
	ck_assert_uint_eq(rig->graph->pool.n_free, 1);
	rig->graph->pool.n_free = n_free;
	rig_free(rig);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("frame");
	TCase *tcase = tcase_create("frame");

	tcase_add_test(tcase, sizes_do_not_alias);
	tcase_add_test(tcase, last_freed_first_used);
	tcase_add_test(tcase, pool_grows_and_never_shrinks);
	tcase_add_test(tcase, inbox_stays_compact);
	tcase_add_test(tcase, later_is_now);
	tcase_add_test(tcase, dry_pool_takes_what_fits);
	suite_add_tcase(suite, tcase);
	return suite;
}
