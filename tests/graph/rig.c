/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph's fixture. Called by the tests of this room. Invariant: every item is on the heap, so
 * that one ended twice, lost or touched too late is seen by the counts here, and by sanitizers.
 */
#include "graph/rig.h"

#include <stdlib.h>

#include "harness.h"

static uint64_t clock_read(struct gyre_clock *clock)
{
	struct rig *rig = (struct rig *)((char *)clock - offsetof(struct rig, clock));

	return rig->time += 10;
}

static void log_line(void *arg, enum gyre_log_level level, const char *text)
{
	struct rig *rig = arg;
	size_t length = strlen(rig->log);

	(void)level;
	snprintf(rig->log + length, sizeof(rig->log) - length, "%s\n", text);
}

static void release(void *const *items, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct rig_item *item = items[i];

		item->rig->released++;
		rig_item_end(item);
	}
}

static void *clone(void *arg)
{
	struct rig_item *item = arg, *copy;

	if (!item->rig->clone_max)
		return NULL;
	item->rig->clone_max--;
	copy = rig_item_new(item->rig, item->source, item->seq);
	copy->visits = item->visits;
	copy->path = item->path;
	return copy;
}

static int trace(const void *arg, char *text, size_t size)
{
	const struct rig_item *item = arg;

	return snprintf(text, size, "item %u of %u", item->seq, item->source);
}

static const struct gyre_item_ops item_ops = {release, clone, trace};

void rig_init(struct rig *rig)
{
	*rig = (struct rig){
		.clock = {.read = clock_read},
		.clone_max = UINT32_MAX,
		.options =
			{
				.size = sizeof(rig->options),
				.vector = 4,
				.hop_budget = 3,
				.sample_period = 2,
				.node_stats = true,
				.inject_max = 1024,
				.items = &item_ops,
			},
	};
}

void rig_create(struct rig *rig)
{
	rig->loop.clock = &rig->clock;
	rig->loop.log = log_line;
	rig->loop.log_level = GYRE_LOG_DEBUG;
	rig->loop.log_arg = rig;
	ck_assert_int_eq(gyre__graph_create(&rig->loop, &rig->options, &rig->graph), 0);
	rig->loop.graph = rig->graph;
}

void rig_destroy(struct rig *rig)
{
	if (!gyre__graph_pending(rig->graph) && !rig->graph->sweep.open)
		ck_assert_uint_eq(gyre__graph_frames_free(rig->graph), rig->graph->pool.n_frames);
	gyre__graph_destroy(rig->graph);
	ck_assert_uint_eq(rig->live, 0);
}

struct rig *rig_new(unsigned vector)
{
	struct rig *rig = malloc(sizeof(*rig));

	ck_assert_ptr_nonnull(rig);
	rig_init(rig);
	rig->options.vector = vector;
	rig_create(rig);
	return rig;
}

void rig_free(struct rig *rig)
{
	rig_destroy(rig);
	free(rig);
}

struct rig_item *rig_item_new(struct rig *rig, unsigned source, unsigned seq)
{
	struct rig_item *item = calloc(1, sizeof(*item));

	ck_assert_ptr_nonnull(item);
	item->rig = rig;
	item->source = source;
	item->seq = seq;
	rig->live++;
	return item;
}

void rig_item_end(struct rig_item *item)
{
	if (!item->rig->live)
		ck_abort_msg("an item ended that was not born");
	item->rig->live--;
	free(item);
}

struct gyre_node_id rig_add(
	struct rig *rig, const struct gyre_node_class *node_class, const char *name)
{
	struct gyre_error error = {0, ""};
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	struct gyre_node_id id = {0, 0};

	options.error = &error;
	ck_assert_msg(
		gyre_node_add(&rig->loop, node_class, name, &options, &id) == 0, "%s", error.text);
	return id;
}

void rig_connect(struct rig *rig, struct gyre_node_id id, gyre_next next, const char *target)
{
	ck_assert_int_eq(gyre_node_connect(&rig->loop, id, next, target), 0);
}

void rig_build(struct rig *rig)
{
	struct gyre_error error = {0, ""};

	ck_assert_msg(gyre_graph_build(&rig->loop, &error) == 0, "%s", error.text);
}

unsigned rig_part(struct gyre__graph *graph, unsigned budget)
{
	unsigned items;

	return budget - gyre__graph_sweep(graph, budget, &items);
}

unsigned rig_sweep(struct rig *rig)
{
	unsigned n;

	gyre__graph_sweep(rig->graph, UINT32_MAX, &n);
	ck_assert(!gyre__graph_pending(rig->graph));
	return n;
}

void rig_run(struct rig *rig, struct gyre_node_id id, unsigned source, unsigned n)
{
	void *vector[1024];

	ck_assert_uint_le(n, 1024);
	for (unsigned i = 0; i < n; i++)
		vector[i] = rig_item_new(rig, source, i);
	ck_assert_int_eq(gyre__graph_enter(rig->graph, id, vector, n), n);
	rig_part(rig->graph, UINT32_MAX);
	ck_assert(!gyre__graph_pending(rig->graph));
}

struct gyre__node *rig_node(struct rig *rig, const char *name)
{
	struct gyre_node_id id;

	ck_assert_msg(gyre_node_find(&rig->loop, name, &id) == 0, "no node %s", name);
	return gyre_node_get(&rig->loop, id)->cold;
}

uint64_t rig_drops(struct rig *rig, const char *name, const char *reason)
{
	const struct gyre__node *node = rig_node(rig, name);

	for (unsigned i = 0; i < node->n_reasons; i++)
		if (!strcmp(node->reasons[i].name, reason))
			return node->drops[i];
	ck_abort_msg("node %s: no reason %s", name, reason);
}

static gyre_next probe_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct probe *probe = gyre_node_data(node);

	probe->calls++;
	probe->items += n;
	if (n > probe->largest)
		probe->largest = n;
	if (!probe->spread)
		return probe->next;
	for (unsigned i = 0; i < n; i++)
		nexts[i] = probe->base + ((struct rig_item *)items[i])->seq % probe->spread;
	/* There is room for whole registers, which nobody looks at. */
	for (unsigned i = n; i < GYRE_VECTOR_MAX; i++)
		nexts[i] = i % 2 ? probe->base : 0x7777;
	return GYRE_NEXT_EACH;
}

static gyre_next end_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct probe *probe = gyre_node_data(node);

	(void)nexts;
	probe->calls++;
	probe->items += n;
	if (n > probe->largest)
		probe->largest = n;
	for (unsigned i = 0; i < n; i++)
		rig_item_end(items[i]);
	return GYRE_NEXT_KEEP;
}

static const struct gyre_reason reasons[] = {
	{"red", GYRE_SEVERITY_ERROR}, {"blue", GYRE_SEVERITY_INFO}};
static const char *const unnamed[16];

const struct gyre_node_class rig_probe_classes[5] = {
#define PROBE(n)                                                                       \
	{                                                                              \
		.name = "probe", .kind = GYRE_NODE_INTERNAL, .process = probe_process, \
		.data_size = sizeof(struct probe), .nexts = unnamed, .n_nexts = n,     \
		.reasons = reasons, .n_reasons = 2,                                    \
	}
	PROBE(0),
	PROBE(1),
	PROBE(2),
	PROBE(3),
	PROBE(16),
};
const struct gyre_node_class rig_end_class = {
	.name = "end",
	.kind = GYRE_NODE_OUTPUT,
	.process = end_process,
	.data_size = sizeof(struct probe),
};

void rig_spacers(struct rig *rig, unsigned n)
{
	char name[16];

	while (n--) {
		snprintf(name, sizeof(name), "spacer-%u", rig->graph->n_nodes);
		rig_add(rig, &rig_probe_classes[0], name);
	}
}

struct probe *rig_probe_of(struct rig *rig, const char *name)
{
	return gyre_node_data(rig_node(rig, name)->hot);
}

struct gyre_node_id rig_probe(
	struct rig *rig, const char *name, unsigned n_nexts, const char *const *nexts)
{
	struct gyre_node_id id = rig_add(rig, &rig_probe_classes[n_nexts > 3 ? 4 : n_nexts], name);

	for (unsigned i = 0; i < n_nexts; i++)
		rig_connect(rig, id, i, nexts[i]);
	return id;
}

uint32_t rig_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * 0x2545f4914f6cdd1d >> 32;
}
