/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The storm's nodes and checks. Called by test_dispatch.c. What an item does is drawn from a hash
 * of the item and the node, what an input does from the storm's generator: so that a run repeats
 * itself whatever the dispatcher is made to do. Invariant: the path in an item says every edge that
 * it crossed and how, so that two items of a source with the same path must come in order;
 * asserting costs a system call, so that what is asked of every item only aborts.
 */
#include "graph/storm.h"

#include <stdlib.h>

#include "harness.h"

#define HELD 8

enum style { EACH, WHOLE, HOLDER, CLONER, STYLES };

struct state {
	struct storm *storm;
	unsigned index;
	enum style style;
	unsigned calls;
	unsigned n_held;
	struct rig_item *held[HELD]; /* oldest first */
};

static uint64_t mix(uint64_t a, uint64_t b)
{
	a = (a ^ b) * 0x9e3779b97f4a7c15;
	return (a ^ a >> 29) * 0xbf58476d1ce4e5b9 ^ a >> 32;
}

/* First in, first out: of what came here from one source on one path. */
static void path_check(struct storm *storm, const struct rig_item *item, unsigned index)
{
	uint64_t key = mix(mix(item->path, item->source + 1), index + 1) | 1;
	struct storm_path *path;
	unsigned at = key >> 20;

	do
		path = &storm->paths[at++ % STORM_PATHS];
	while (path->path && path->path != key);
	if (!path->path) {
		ck_assert_uint_lt(storm->n_paths++, STORM_PATHS / 4 * 3);
		path->path = key;
	} else if (path->seq >= item->seq) {
		ck_abort_msg("item %u came after %u", item->seq, path->seq);
	}
	path->seq = item->seq;
}

static void arrive(struct state *state, void **items, unsigned n)
{
	ck_assert_uint_ge(n, 1);
	ck_assert_uint_le(n, state->storm->options.vector);
	state->calls++;
	for (unsigned i = 0; i < n; i++) {
		struct rig_item *item = items[i];

		item->visits++;
		path_check(state->storm, item, state->index);
	}
}

/* Names the edge that an item takes, for ever. */
static void leave(struct gyre_node *node, struct rig_item *item, gyre_next next, unsigned how)
{
	unsigned target = 0xffff;

	if (next < node->n_nexts)
		target = node->nexts[next]->cold->id.index;
	item->path = mix(mix(item->path, target << 8 | how),
		(uint64_t)((struct state *)gyre_node_data(node))->index << 16 | next);
}

/* In steady weather most items do as those before them did, so that guesses are learned, and fail.
 */
static uint64_t item_draw(const struct state *state, const struct rig_item *item)
{
	if (state->storm->options.steady && mix(item->seq, state->index) % 256)
		return mix(item->seq / 1024, mix(state->index, state->storm->options.seed));
	return mix(mix(item->path, item->seq), mix(state->index, state->storm->options.seed));
}

static gyre_next code_draw(const struct gyre_node *node, uint64_t draw)
{
	unsigned kind = draw % 100;

	draw = draw >> 8 & 0xffff;
	if (kind < 3)
		return gyre_drop(draw % 2);
	if (kind < 5)
		return gyre_punt(draw % 2);
#ifndef GYRE_DEBUG
	if (kind < 6)
		return draw % 2 ? node->n_nexts : gyre_drop(2 + draw);
#endif
	return draw % node->n_nexts;
}

/* Keeps the item; when it holds many, lets the oldest go by one of the writers. */
static void hold(struct gyre_node *node, struct rig_item *item, uint64_t draw)
{
	struct state *state = gyre_node_data(node);
	gyre_next next = draw >> 40 & 0xff;
	struct rig_item **held = state->held;
	unsigned n = 1 + (draw >> 50) % 4;

	held[state->n_held++] = item;
	if (state->n_held < HELD)
		return;
	next %= node->n_nexts;
	for (unsigned i = 0; i < n; i++)
		leave(node, held[i], next, 1);
	if (n == 1)
		gyre_next_put_1(node, next, held[0]);
	else if (n == 2)
		gyre_next_put_2(node, next, held[0], held[1]);
	else if (n == 3)
		gyre_node_drop(node, 1, (void *const *)held, 3);
	else
		gyre_next_put_4(node, next, held[0], held[1], held[2], held[3]);
	state->n_held -= n;
	memmove(held, held + n, state->n_held * sizeof(*held));
}

static void clone(struct gyre_node *node, struct rig_item *item, uint64_t draw)
{
	struct rig_item *copy = gyre_node_clone(node, item);
	gyre_next next = (draw >> 30) % node->n_nexts;

	if (!copy)
		return;
	leave(node, copy, next, 2);
	gyre_next_put(node, next, (void **)&copy, 1);
}

static gyre_next each(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct state *state = gyre_node_data(node);

	for (unsigned i = 0; i < n; i++) {
		uint64_t draw = item_draw(state, items[i]);

		if (state->style == HOLDER && draw % 128 < 40) {
			hold(node, items[i], draw);
			nexts[i] = GYRE_NEXT_KEEP;
			continue;
		}
		if (state->style == CLONER)
			clone(node, items[i], draw);
		nexts[i] = code_draw(node, draw);
		leave(node, items[i], nexts[i], 0);
	}
	return GYRE_NEXT_EACH;
}

static gyre_next inner_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct state *state = gyre_node_data(node);
	gyre_next next;

	arrive(state, items, n);
	if (state->style != WHOLE)
		return each(node, items, nexts, n);
	next = code_draw(
		node, mix(state->calls / (state->storm->options.steady ? 16 : 1), state->index));
	for (unsigned i = 0; i < n; i++) {
		leave(node, items[i], next, 0);
		nexts[i] = next;
	}
	return state->calls % 2 ? next : GYRE_NEXT_EACH;
}

static void ended(struct storm *storm, const struct rig_item *item, unsigned where)
{
	storm->digest = mix(mix(storm->digest, item->path), item->seq * 64 + where);
	storm->n_ended++;
}

static gyre_next output_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct state *state = gyre_node_data(node);

	arrive(state, items, n);
	for (unsigned i = 0; i < n; i++) {
		struct rig_item *item = items[i];

		ended(state->storm, item, state->index);
		nexts[i] = item->seq % 5 ? GYRE_NEXT_KEEP : gyre_drop(0);
		if (nexts[i] == GYRE_NEXT_KEEP)
			rig_item_end(item);
	}
	return GYRE_NEXT_EACH;
}

static void punt(void *arg, struct gyre_node *node, unsigned reason, void **items, unsigned n)
{
	struct storm *storm = arg;

	ck_assert_uint_lt(reason, 2);
	storm->punted += n;
	for (unsigned i = 0; i < n; i++) {
		ended(storm, items[i], ((struct state *)gyre_node_data(node))->index);
		rig_item_end(items[i]);
	}
}

static struct rig_item *item_new(struct storm *storm, unsigned source)
{
	return rig_item_new(&storm->rig, source, ++storm->seq[source]);
}

/* One of the ways in which inputs bring items; returns how many. */
static unsigned bring(struct gyre_node *node, unsigned max, uint32_t draw)
{
	struct state *state = gyre_node_data(node);
	gyre_next next = (draw >> 8) % node->n_nexts;
	void *vector[GYRE_VECTOR_MAX], **places;
	unsigned n = (draw >> 16) % (max + 1);

	places = draw % 4 == 0 ? gyre_next_reserve(node, next, max) : vector;
	for (unsigned i = 0; i < n; i++) {
		places[i] = item_new(state->storm, state->index);
		leave(node, places[i], next, 3);
	}
	if (draw % 4 == 0)
		gyre_next_commit(node, next, n);
	else if (draw % 4 == 1)
		gyre_node_drop(node, 0, places, n);
	else if (draw % 4 == 2)
		gyre_next_put(node, next, places, n);
	else
		for (unsigned i = 0; i < n; i++)
			gyre_next_put_1(node, next, places[i]);
	return n;
}

static unsigned input_poll(struct gyre_node *node, unsigned max)
{
	struct state *state = gyre_node_data(node);
	unsigned n = 0;

	ck_assert_uint_eq(max, state->storm->options.vector);
	for (unsigned i = 0; i < 3 && n < max; i++)
		n += bring(node, max - n, rig_random(&state->storm->random));
	return n;
}

static int state_init(struct gyre_node *node, const void *arg)
{
	*(struct state *)gyre_node_data(node) = *(const struct state *)arg;
	return 0;
}

static void state_fini(struct gyre_node *node)
{
	struct state *state = gyre_node_data(node);

	for (unsigned i = 0; i < state->n_held; i++)
		rig_item_end(state->held[i]);
}

static const struct gyre_reason reasons[] = {
	{"odd", GYRE_SEVERITY_WARNING}, {"even", GYRE_SEVERITY_INFO}};
static const char *const unnamed[9];

#define COMMON                                                                     \
	.init = state_init, .fini = state_fini, .data_size = sizeof(struct state), \
	.nexts = unnamed, .reasons = reasons, .n_reasons = 2
#define INNER(n)                                                                       \
	{                                                                              \
		.name = "inner", .kind = GYRE_NODE_INTERNAL, .process = inner_process, \
		.n_nexts = n, COMMON                                                   \
	}
/* By style, then by one of three numbers of nexts. */
static const struct gyre_node_class inner_classes[] = {
	INNER(1), INNER(2), INNER(3), INNER(4), INNER(6), INNER(9)};
static const struct gyre_node_class holder_class = {.name = "holder",
	.kind = GYRE_NODE_INTERNAL,
	.process = inner_process,
	.n_nexts = 2,
	.fan_out = 4,
	COMMON};
static const struct gyre_node_class cloner_class = {.name = "cloner",
	.kind = GYRE_NODE_INTERNAL,
	.process = inner_process,
	.n_nexts = 2,
	.fan_out = 2,
	COMMON};
static const struct gyre_node_class output_class = {
	.name = "output", .kind = GYRE_NODE_OUTPUT, .process = output_process, COMMON};
static const struct gyre_node_class input_classes[] = {{.name = "pre-input",
							       .kind = GYRE_NODE_PRE_INPUT,
							       .poll = input_poll,
							       .n_nexts = 1,
							       COMMON},
	{.name = "input", .kind = GYRE_NODE_INPUT, .poll = input_poll, .n_nexts = 2, COMMON}};

static const struct gyre_node_class *inner_class(struct storm *storm, enum style *style)
{
	*style = rig_random(&storm->random) % STYLES;
	if (!storm->options.clones && *style >= HOLDER)
		*style = EACH;
	if (*style == HOLDER)
		return &holder_class;
	if (*style == CLONER)
		return &cloner_class;
	return &inner_classes[rig_random(&storm->random) % 6];
}

static void node_add(struct storm *storm, unsigned index)
{
	struct state state = {.storm = storm, .index = index};
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	const struct gyre_node_class *node_class = &output_class;
	char name[16];

	if (index < storm->n_inputs)
		node_class = &input_classes[rig_random(&storm->random) % 2];
	else if (index < storm->n_inputs + storm->n_inner)
		node_class = inner_class(storm, &state.style);
	options.arg = &state;
	snprintf(name, sizeof(name), "node-%u", index);
	ck_assert_int_eq(
		gyre_node_add(&storm->rig.loop, node_class, name, &options, &storm->ids[index]), 0);
}

/* A target for a node's next. With clones all edges lead on, for cloners may not lie on cycles. */
static void target_draw(struct storm *storm, unsigned index, gyre_next next)
{
	unsigned first = storm->n_inputs, n = storm->n_inner + storm->n_outputs;
	unsigned target = first + rig_random(&storm->random) % n;
	char name[16];

	if ((storm->options.clones || rig_random(&storm->random) % 3) && target <= index)
		target = index + 1 + rig_random(&storm->random) % (first + n - index - 1);
	snprintf(name, sizeof(name), "node-%u", target);
	rig_connect(&storm->rig, storm->ids[index], next, name);
}

static struct gyre__node *cold_of(struct storm *storm, unsigned index)
{
	return gyre_node_get(&storm->rig.loop, storm->ids[index])->cold;
}

static void graph_create(struct storm *storm)
{
	unsigned n;

	storm->n_inputs = 1 + rig_random(&storm->random) % STORM_INPUTS;
	storm->n_inner = 1 + rig_random(&storm->random) % STORM_NODES;
	if (storm->options.wide)
		storm->n_inner *= STORM_WIDE;
	storm->n_outputs = 1 + rig_random(&storm->random) % 3;
	n = storm->n_inputs + storm->n_inner;
	for (unsigned i = 0; i < n + storm->n_outputs; i++)
		node_add(storm, i);
	for (unsigned i = 0; i < n; i++)
		for (unsigned next = 0; next < cold_of(storm, i)->node_class->n_nexts; next++)
			target_draw(storm, i, next);
	rig_build(&storm->rig);
}

static void rewire(struct storm *storm)
{
	unsigned n = storm->n_inputs + storm->n_inner;
	unsigned index = rig_random(&storm->random) % n;
	unsigned other = rig_random(&storm->random) % n;
	struct gyre__node *node = cold_of(storm, index);

	target_draw(storm, index, rig_random(&storm->random) % node->node_class->n_nexts);
	if (rig_random(&storm->random) % 4 == 0)
		ck_assert_int_eq(gyre_node_disable(&storm->rig.loop, storm->ids[other]), 0);
	else
		ck_assert_int_eq(gyre_node_enable(&storm->rig.loop, storm->ids[other]), 0);
	rig_build(&storm->rig);
}

static void inject(struct storm *storm)
{
	struct rig *rig = &storm->rig;
	unsigned index = storm->n_inputs + rig_random(&storm->random) % storm->n_inner;
	unsigned n = rig_random(&storm->random) % 20;
	struct rig_item *items[20];
	int taken;

	for (unsigned i = 0; i < n; i++) {
		items[i] = item_new(storm, STORM_INPUTS);
		items[i]->path = mix(index, 4);
	}
	taken = gyre__graph_enter(rig->graph, storm->ids[index], (void *const *)items, n);
	ck_assert_int_ge(taken, 0);
	storm->injected += taken;
	for (unsigned i = taken; i < n; i++)
		rig_item_end(items[i]);
}

static void sweep(struct storm *storm)
{
	struct gyre__graph *graph = storm->rig.graph;

	inject(storm);
	do {
		unsigned budget = UINT32_MAX, calls;

		if (storm->options.budget)
			budget = 1 + rig_random(&storm->random_budget) % storm->options.budget;
		calls = rig_part(graph, budget);
		ck_assert_uint_le(calls, budget);
		if (storm->options.rewire && rig_random(&storm->random) % 4 == 0)
			rewire(storm);
	} while (gyre__graph_pending(graph));
	ck_assert_uint_eq(gyre__graph_frames_free(graph), graph->pool.n_frames);
}

/* All that went out of nodes and was injected came in somewhere; also where only inputs' items are
 * counted, for then none came in, and all that was brought ended. */
static void balance_check(struct storm *storm)
{
	unsigned n = storm->n_inputs + storm->n_inner + storm->n_outputs;
	uint64_t out = storm->injected, in = 0, punted = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct gyre__node *node = cold_of(storm, i);
		const struct gyre_node *hot = node->hot;

		if (i >= storm->n_inputs)
			in += hot->items;
		out += hot->items + hot->created - node->dropped - node->punted - hot->kept;
		punted += node->punted;
		ck_assert_uint_eq(node->drops[2 + GYRE__REASON_NO_FRAMES], 0);
		if (storm->options.uncounted)
			ck_assert_uint_eq(hot->calls, 0);
	}
	ck_assert_uint_eq(in, out);
	ck_assert_uint_eq(punted, storm->punted);
}

void storm_run(struct storm *storm, const struct storm_options *options, unsigned sweeps)
{
	memset(storm, 0, sizeof(*storm));
	storm->options = *options;
	storm->random = mix(options->seed, 1) | 1;
	storm->random_budget = 1;
	rig_init(&storm->rig);
	storm->rig.options.vector = options->vector;
	storm->rig.options.inject_max = 10;
	storm->rig.options.node_stats = !options->uncounted;
	storm->rig.options.sample_period = 1 + mix(options->seed, options->budget) % 3;
	if (options->punt) {
		storm->rig.options.punt = punt;
		storm->rig.options.punt_arg = storm;
	}
	rig_create(&storm->rig);
	ck_assert_int_eq(gyre_graph_simd_set(&storm->rig.loop, options->simd), 0);
	graph_create(storm);
	for (unsigned i = 0; i < sweeps; i++)
		sweep(storm);
	balance_check(storm);
	rig_destroy(&storm->rig);
}
