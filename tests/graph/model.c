/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model's nodes, the model, and the comparison. Called by test_send.c. Both sides ask fate()
 * what becomes of an item, and write what they do into a log of numbers. Invariant: fate() looks at
 * the node, its call and the item, at nothing else; asserting costs a system call, so that what is
 * asked of every item only aborts.
 */
#include "graph/model.h"

#include <stdlib.h>

#include "harness.h"

#define NEXTS_MAX 16
#define ITEMS     512 /* a round's, most */
#define LOG_MAX   (1u << 16)
#define REASONS   2

/* What a vector's nexts are like, drawn by node, call and round. */
enum style { WHOLE, SAME, TWO, MANY, STYLES };

/* What was done: a call is its node and its length, then its items. */
struct record {
	unsigned n;
	uint32_t entries[LOG_MAX];
};

struct list {
	unsigned n;
	unsigned seqs[ITEMS];
};

struct model_node {
	unsigned calls;
	struct gyre_node *hot;
	uint64_t drops[REASONS + GYRE__REASON_BUILTINS];
	struct list lists[2]; /* of every second generation */
};

struct model {
	struct rig rig;
	struct model_options options;
	uint64_t random;
	unsigned round;
	struct gyre_node_id ids[MODEL_NODES];
	unsigned by_rank[MODEL_NODES];
	struct rig_item *items[ITEMS];
	struct record real, expected;
	struct model_node nodes[MODEL_NODES];
};

/* A node's data. */
struct state {
	struct model *model;
	unsigned index;
	unsigned calls; /* in this round */
	unsigned round;
};

static uint64_t mix(uint64_t a, uint64_t b)
{
	a = (a ^ b) * 0x9e3779b97f4a7c15;
	return (a ^ a >> 29) * 0xbf58476d1ce4e5b9 ^ a >> 32;
}

static void record(struct record *record, uint32_t entry)
{
	if (record->n == LOG_MAX)
		ck_abort_msg("the log is full");
	record->entries[record->n++] = entry;
}

/* --- What becomes of items: the same on both sides --- */

struct fate {
	bool writes; /* the node keeps the item, and sends it by a writer */
	gyre_next next;
};

static uint64_t call_draw(const struct model *model, unsigned index, unsigned call)
{
	return mix(mix(model->options.seed * 1000 + model->round, index), call);
}

static gyre_next code_draw(uint64_t draw)
{
	return draw % 2 ? gyre_drop(draw / 2 % REASONS) : gyre_punt(draw / 2 % REASONS);
}

static gyre_next whole_next(uint64_t draw, unsigned n_nexts)
{
	return draw >> 8 & 15 ? (draw >> 16) % n_nexts : code_draw(draw >> 16);
}

static struct fate fate(uint64_t call, unsigned seq, unsigned n_nexts)
{
	uint64_t draw = mix(call, seq + 1);
	struct fate fate = {.writes = draw % 128 < 5, .next = (draw >> 8) % n_nexts};

	switch ((enum style)(call % STYLES)) {
	case WHOLE:
	case SAME:
		fate.next = whole_next(call, n_nexts);
		fate.writes = fate.writes && fate.next < n_nexts;
		return fate;
	case TWO:
		fate.next = ((call >> 16) + (draw >> 8 & 1)) % n_nexts;
		return fate;
	default:
		if (!fate.writes && draw >> 40 & 8 && draw >> 44 & 1 && draw >> 45 & 1)
			fate.next = code_draw(draw >> 20);
		return fate;
	}
}

/* --- The nodes --- */

static unsigned arrive(struct state *state, void **items, unsigned n)
{
	struct model *model = state->model;

	if (state->round != model->round)
		state->calls = 0;
	state->round = model->round;
	record(&model->real, state->index << 16 | n);
	for (unsigned i = 0; i < n; i++)
		record(&model->real, ((struct rig_item *)items[i])->seq);
	return state->calls++;
}

/* By each of the writers in turn. */
static void item_write(struct gyre_node *node, gyre_next next, void *item)
{
	if (((struct rig_item *)item)->seq % 2) {
		gyre_next_put_1(node, next, item);
		return;
	}
	*gyre_next_reserve(node, next, 1) = item;
	gyre_next_commit(node, next, 1);
}

static gyre_next items_send(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct gyre_sender sender = gyre_sender_open(node);

	for (unsigned i = 0; i < n; i++)
		gyre_sender_put(&sender, nexts[i], items[i]);
	return gyre_sender_close(&sender);
}

static gyre_next inner_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct state *state = gyre_node_data(node);
	uint64_t call = call_draw(state->model, state->index, arrive(state, items, n));
	bool written = false;

	for (unsigned i = 0; i < n; i++) {
		struct fate fated = fate(call, ((struct rig_item *)items[i])->seq, node->n_nexts);

		nexts[i] = fated.writes ? GYRE_NEXT_KEEP : fated.next;
		if (fated.writes)
			item_write(node, fated.next, items[i]);
		written = written || fated.writes;
	}
	/* There is room for whole registers, which nobody looks at. */
	for (unsigned i = n; i < GYRE_VECTOR_MAX; i++)
		nexts[i] = i % 3;
	if (call >> 32 & 1)
		return items_send(node, items, nexts, n);
	return call % STYLES == WHOLE && !written ? nexts[0] : GYRE_NEXT_EACH;
}

static gyre_next end_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)nexts;
	arrive(gyre_node_data(node), items, n);
	for (unsigned i = 0; i < n; i++)
		rig_item_end(items[i]);
	return GYRE_NEXT_KEEP;
}

/* --- The model --- */

static void model_drop(struct model_node *node, gyre_next code)
{
	/* Nobody takes punted items: they are dropped. */
	node->drops[code & 0xff]++;
}

static void model_send(struct model *model, struct model_node *node, gyre_next next, unsigned seq,
	unsigned generation)
{
	const struct gyre_node *to;
	struct list *list;
	bool back;

	if (next >= node->hot->n_nexts) {
		model_drop(node, next);
		return;
	}
	to = node->hot->nexts[next];
	back = to->rank <= node->hot->rank;
	if (back && generation == model->rig.options.hop_budget) {
		node->drops[REASONS + GYRE__REASON_HOP_BUDGET]++;
		return;
	}
	list = &model->nodes[model->by_rank[to->rank]].lists[(generation + back) % 2];
	if (list->n == ITEMS)
		ck_abort_msg("a list is full");
	list->seqs[list->n++] = seq;
}

static void model_call(
	struct model *model, unsigned index, const unsigned *seqs, unsigned n, unsigned generation)
{
	struct model_node *node = &model->nodes[index];
	unsigned n_nexts = node->hot->n_nexts;
	uint64_t call = call_draw(model, index, node->calls++);

	record(&model->expected, index << 16 | n);
	for (unsigned i = 0; i < n; i++)
		record(&model->expected, seqs[i]);
	/* What is written goes before the vector does. */
	for (unsigned pass = 0; n_nexts && pass < 2; pass++)
		for (unsigned i = 0; i < n; i++) {
			struct fate fated = fate(call, seqs[i], n_nexts);

			if (fated.writes == !pass)
				model_send(model, node, fated.next, seqs[i], generation);
		}
}

/* All generations: each node in the order of ranks, all its items in full vectors and a rest. */
static void model_sweep(struct model *model)
{
	bool more = true;

	for (unsigned generation = 0; more; generation++) {
		more = false;
		for (unsigned rank = 0; rank < model->options.n_nodes; rank++) {
			unsigned index = model->by_rank[rank];
			struct list *list = &model->nodes[index].lists[generation % 2];
			unsigned vector = model->options.vector;

			for (unsigned i = 0; i < list->n; i += vector)
				model_call(model, index, list->seqs + i,
					list->n - i < vector ? list->n - i : vector, generation);
			list->n = 0;
		}
		for (unsigned i = 0; i < model->options.n_nodes; i++)
			more = more || model->nodes[i].lists[(generation + 1) % 2].n;
	}
}

/* --- The graph --- */

static int state_init(struct gyre_node *node, const void *arg)
{
	*(struct state *)gyre_node_data(node) = *(const struct state *)arg;
	return 0;
}

static const struct gyre_reason reasons[REASONS] = {
	{"red", GYRE_SEVERITY_ERROR}, {"blue", GYRE_SEVERITY_INFO}};
static const char *const unnamed[NEXTS_MAX];

#define CLASS(title, what, function, n)                                               \
	{                                                                             \
		.name = title, .kind = what, .process = function, .init = state_init, \
		.data_size = sizeof(struct state), .nexts = unnamed, .n_nexts = n,    \
		.reasons = reasons, .n_reasons = REASONS                              \
	}
#define INNER(n) CLASS("inner", GYRE_NODE_INTERNAL, inner_process, n)
static const struct gyre_node_class inner_classes[] = {
	INNER(1), INNER(2), INNER(2), INNER(3), INNER(4), INNER(5), INNER(6), INNER(7), INNER(16)};
static const struct gyre_node_class end_class = CLASS("end", GYRE_NODE_OUTPUT, end_process, 0);
#define INNERS (sizeof(inner_classes) / sizeof(*inner_classes))

static unsigned draw(struct model *model, unsigned n)
{
	return rig_random(&model->random) % n;
}

static void node_add(struct model *model, unsigned index, bool end)
{
	const struct gyre_node_class *node_class =
		end ? &end_class : &inner_classes[draw(model, INNERS)];
	struct state state = {.model = model, .index = index};
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	char name[16];

	options.arg = &state;
	snprintf(name, sizeof(name), "node-%u", index);
	ck_assert_int_eq(
		gyre_node_add(&model->rig.loop, node_class, name, &options, &model->ids[index]), 0);
}

/* Most nexts are near, so that ways are long, some far; now and then two are the same. */
static void nexts_draw(struct model *model, unsigned index)
{
	struct gyre_node *hot = gyre_node_get(&model->rig.loop, model->ids[index]);
	unsigned n = model->options.n_nodes, to = 0;
	char name[16];

	for (gyre_next next = 0; next < hot->cold->node_class->n_nexts; next++) {
		unsigned reach = draw(model, 4) ? 12 : 100;

		if (!next || draw(model, 8))
			to = index + 1 + draw(model, reach < n - index - 1 ? reach : n - index - 1);
		if (draw(model, 100) < model->options.back)
			to = draw(model, n);
		snprintf(name, sizeof(name), "node-%u", to);
		rig_connect(&model->rig, model->ids[index], next, name);
	}
}

static void graph_create(struct model *model)
{
	unsigned n = model->options.n_nodes;

	for (unsigned i = 0; i < n; i++)
		node_add(model, i, i + 3 >= n);
	for (unsigned i = 0; i + 3 < n; i++)
		nexts_draw(model, i);
	rig_build(&model->rig);
	for (unsigned i = 0; i < n; i++) {
		model->nodes[i].hot = gyre_node_get(&model->rig.loop, model->ids[i]);
		model->by_rank[model->nodes[i].hot->rank] = i;
	}
}

/* Puts new items at some of the first nodes, on both sides. */
static void inject(struct model *model)
{
	unsigned seq = 0;

	for (unsigned i = 0; i < 3; i++) {
		unsigned n = 1 + draw(model, draw(model, 2) ? ITEMS / 3 : 8);
		unsigned index = draw(model, 8) % (model->options.n_nodes - 3);
		struct list *list = &model->nodes[index].lists[0];

		for (unsigned k = 0; k < n; k++) {
			model->items[k] = rig_item_new(&model->rig, 0, seq);
			list->seqs[list->n++] = seq++;
		}
		ck_assert_int_eq(gyre__graph_enter(model->rig.graph, model->ids[index],
					 (void *const *)model->items, n),
			n);
	}
}

static void round_run(struct model *model)
{
	struct gyre__graph *graph = model->rig.graph;

	model->real.n = model->expected.n = 0;
	for (unsigned i = 0; i < model->options.n_nodes; i++)
		model->nodes[i].calls = 0;
	inject(model);
	do
		ck_assert_uint_le(rig_part(graph, model->options.budget), model->options.budget);
	while (gyre__graph_pending(graph));
	model_sweep(model);
	for (unsigned i = 0; i < model->real.n && i < model->expected.n; i++)
		if (model->real.entries[i] != model->expected.entries[i])
			ck_abort_msg("entry %u is %#x, not %#x", i, model->real.entries[i],
				model->expected.entries[i]);
	ck_assert_uint_eq(model->real.n, model->expected.n);
	ck_assert_uint_eq(model->rig.live, 0);
	ck_assert_uint_eq(gyre__graph_frames_free(graph), graph->pool.n_frames);
}

void model_run(const struct model_options *options, unsigned rounds)
{
	struct model *model = calloc(1, sizeof(*model));

	ck_assert_ptr_nonnull(model);
	model->options = *options;
	model->random = mix(options->seed, 1) | 1;
	rig_init(&model->rig);
	model->rig.options.vector = options->vector;
	model->rig.options.sample_period = 1 + mix(options->seed, options->budget) % 3;
	rig_create(&model->rig);
	ck_assert_int_eq(gyre_graph_simd_set(&model->rig.loop, options->simd), 0);
	graph_create(model);
	while (model->round++ < rounds)
		round_run(model);
	for (unsigned i = 0; i < options->n_nodes; i++)
		ck_assert_mem_eq(model->nodes[i].hot->cold->drops, model->nodes[i].drops,
			sizeof(model->nodes[i].drops));
	rig_destroy(&model->rig);
	free(model);
}
