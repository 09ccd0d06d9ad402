/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instances of classes: added, found, connected, taken out of work, deleted. Owns the table of
 * nodes, whose ids carry a generation, and the memory of both halves of a node. Called by users
 * outside the sweep; calls class.c. Invariant: an instance that was added is whole, and one that
 * nothing was told to lead to is the only one that can be deleted.
 */
#include "graph/node.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "graph/frame.h"
#include "graph/graph.h"

void gyre_node_options_init(struct gyre_node_options *options, size_t size)
{
	const struct gyre_node_options defaults = {.size = sizeof(defaults)};

	gyre__options_init(options, size, &defaults, sizeof(defaults));
}

struct gyre__node *gyre__node_live(const struct gyre__graph *graph, struct gyre_node_id id)
{
	const struct gyre__chunk *chunk;

	if (id.index >= GYRE__NODE_MAX)
		return NULL;
	chunk = graph->chunks[id.index / GYRE__NODE_CHUNK];
	if (!chunk || chunk->generation[id.index % GYRE__NODE_CHUNK] != id.generation)
		return NULL;
	return chunk->cold[id.index % GYRE__NODE_CHUNK];
}

/* Stands in for the function of a node that is out of work. */
static gyre_next disabled_process(
	struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return GYRE__DROP_DISABLED;
}

/* Of an input that one polled before it has disabled: it was not called, whatever was counted. */
static unsigned disabled_poll(struct gyre_node *node, unsigned max)
{
	(void)max;
	if (gyre__node_graph(node)->stats)
		gyre__count(&node->calls, -1);
	return 0;
}

void gyre__node_aim(struct gyre__node *node)
{
	if (gyre__node_is_input(node))
		node->hot->fn.poll = node->disabled ? disabled_poll : node->node_class->poll;
	else if (node->disabled)
		node->hot->fn.process = disabled_process;
	else if (node->trace)
		node->hot->fn.process = gyre__trace_process;
	else
		node->hot->fn.process = node->node_class->process;
}

static int chunk_create(struct gyre__chunk **ret_chunk)
{
	struct gyre__chunk *chunk = aligned_alloc(GYRE__LINE, sizeof(*chunk));

	if (!chunk)
		return -ENOMEM;
	memset(chunk, 0, sizeof(*chunk));
	for (unsigned i = 0; i < GYRE__NODE_CHUNK; i++)
		chunk->generation[i] = 1;
	*ret_chunk = chunk;
	return 0;
}

/* A free place in the table. Returns 0, -ENOSPC or -ENOMEM. */
static int slot_find(struct gyre__graph *graph, unsigned *ret_index)
{
	for (unsigned i = 0; i < GYRE__NODE_MAX; i++) {
		struct gyre__chunk **chunk = &graph->chunks[i / GYRE__NODE_CHUNK];

		if (!*chunk && chunk_create(chunk) < 0)
			return -ENOMEM;
		if (!(*chunk)->cold[i % GYRE__NODE_CHUNK]) {
			*ret_index = i;
			return 0;
		}
	}
	return -ENOSPC;
}

/* Of the hot half with the data behind it. */
static size_t hot_lines(const struct gyre_node_class *node_class)
{
	const size_t size = node_class->data_size;

	return sizeof(struct gyre_node) / GYRE__LINE + size / GYRE__LINE + !!(size % GYRE__LINE);
}

/* Returns 0 or -ENOMEM. */
static int node_place(struct gyre__graph *graph, struct gyre__node *node, unsigned index)
{
	struct gyre__chunk *chunk = graph->chunks[index / GYRE__NODE_CHUNK];
	struct gyre_node *hot;

	node->n_lines = hot_lines(node->node_class);
	hot = gyre__lines_get(&graph->lines, node->n_lines);
	if (!hot)
		return -ENOMEM;
	hot->sweep = &graph->sweep;
	hot->cold = node;
	chunk->cold[index % GYRE__NODE_CHUNK] = node;
	node->hot = hot;
	node->id.index = index;
	node->id.generation = chunk->generation[index % GYRE__NODE_CHUNK];
	return 0;
}

static int targets_copy(struct gyre__node *node, const char *const *names)
{
	const struct gyre_node_class *node_class = node->node_class;

	node->targets = calloc(node_class->n_nexts + 1, sizeof(*node->targets));
	if (!node->targets)
		return -ENOMEM;
	for (unsigned i = 0; i < node_class->n_nexts; i++) {
		const char *name = names && names[i] ? names[i] : node_class->nexts[i];

		if (name && !(node->targets[i] = strdup(name)))
			return -ENOMEM;
	}
	return 0;
}

static int reasons_copy(struct gyre__node *node)
{
	unsigned n = node->node_class->n_reasons;

	node->n_reasons = n + GYRE__REASON_BUILTINS;
	node->drops = calloc(node->n_reasons, sizeof(*node->drops));
	node->reasons = calloc(node->n_reasons, sizeof(*node->reasons));
	if (!node->drops || !node->reasons)
		return -ENOMEM;
	if (n)
		memcpy(node->reasons, node->node_class->reasons, n * sizeof(*node->reasons));
	memcpy(node->reasons + n, gyre__reasons_builtin, sizeof(gyre__reasons_builtin));
	return 0;
}

static size_t texts_size(const struct gyre__node *node)
{
	size_t size = strlen(node->name) + 1 + strlen(node->node_class->name) + 1;

	for (unsigned i = 0; i < node->n_reasons; i++)
		size += strlen(node->reasons[i].name) + 1;
	return size;
}

/* What never changes is packed once, so that who copies it need not look at each text. */
static int texts_pack(struct gyre__node *node)
{
	char *end;

	node->texts_size = texts_size(node);
	node->texts = end = malloc(node->texts_size);
	if (!node->texts)
		return -ENOMEM;
	end = stpcpy(end, node->name) + 1;
	end = stpcpy(end, node->node_class->name) + 1;
	for (unsigned i = 0; i < node->n_reasons; i++)
		end = stpcpy(end, node->reasons[i].name) + 1;
	return 0;
}

void gyre__node_free(struct gyre__graph *graph, struct gyre__node *node)
{
	struct gyre__chunk *chunk = graph->chunks[node->id.index / GYRE__NODE_CHUNK];
	unsigned slot = node->id.index % GYRE__NODE_CHUNK;

	if (node->hot) {
		gyre__inboxes_close(graph, node->hot);
		chunk->cold[slot] = NULL;
		chunk->generation[slot]++;
		gyre__lines_put(&graph->lines, node->hot, node->n_lines);
	}
	for (unsigned i = 0; node->targets && i < node->node_class->n_nexts; i++)
		free(node->targets[i]);
	free(node->targets);
	free(node->texts);
	free(node->reasons);
	free(node->drops);
	free(node);
}

static int node_create(struct gyre__graph *graph, const struct gyre_node_class *node_class,
	const char *name, const struct gyre_node_options *options, struct gyre__node **ret_node)
{
	struct gyre__node *node = calloc(1, sizeof(*node));
	unsigned index;
	int error;

	if (!node)
		return -ENOMEM;
	node->node_class = node_class;
	node->disabled = options->disabled;
	memcpy(node->name, name, strlen(name) + 1);
	error = slot_find(graph, &index);
	if (!error)
		error = targets_copy(node, options->nexts);
	if (!error)
		error = reasons_copy(node);
	if (!error)
		error = texts_pack(node);
	if (!error)
		error = node_place(graph, node, index);
	if (error)
		goto fail;
	gyre__node_aim(node);
	*ret_node = node;
	return 0;
fail:
	gyre__node_free(graph, node);
	return error;
}

static void node_append(struct gyre__graph *graph, struct gyre__node *node)
{
	node->prev = graph->last;
	if (graph->last)
		graph->last->next = node;
	else
		graph->first = node;
	graph->last = node;
	graph->n_nodes++;
	graph->changed = true;
	gyre__hub_due(graph->sweep.loop, 0);
}

static void node_remove(struct gyre__graph *graph, struct gyre__node *node)
{
	*(node->prev ? &node->prev->next : &graph->first) = node->next;
	*(node->next ? &node->next->prev : &graph->last) = node->prev;
	graph->n_nodes--;
}

static struct gyre__node *node_named(const struct gyre__graph *graph, const char *name)
{
	struct gyre__node *node = graph->first;

	while (node && strcmp(node->name, name))
		node = node->next;
	return node;
}

static int name_check(const struct gyre__graph *graph, const char *name, struct gyre_error *error)
{
	if (!name || !*name)
		return gyre__error_set(error, -EINVAL, "a node has no name");
	if (strlen(name) >= GYRE__NAME_SIZE)
		return gyre__error_set(error, -EINVAL, "node '%s': name is over %d bytes", name,
			GYRE__NAME_SIZE - 1);
	if (node_named(graph, name))
		return gyre__error_set(error, -EEXIST, "node '%s': the name is taken", name);
	return 0;
}

/* Copies the options and looks everything over. */
static int add_check(const struct gyre__graph *graph, const struct gyre_node_class *node_class,
	const char *name, const struct gyre_node_options *options, struct gyre_node_options *ours)
{
	struct gyre_error *error = NULL;
	int code;

	gyre_node_options_init(ours, sizeof(*ours));
	code = gyre__options_copy(
		ours, sizeof(*ours), options, sizeof(*ours), "node options", NULL);
	if (options && options->size >= sizeof(*ours))
		error = options->error;
	if (code)
		return gyre__options_copy(
			ours, sizeof(*ours), options, sizeof(*ours), "node options", error);
	if (gyre__graph_running(graph))
		return gyre__error_set(error, -EBUSY, "a node was added inside a node function");
	code = gyre__class_check(node_class, error);
	return code ? code : name_check(graph, name, error);
}

int gyre_node_add(struct gyre_loop *loop, const struct gyre_node_class *node_class,
	const char *name, const struct gyre_node_options *options, struct gyre_node_id *ret_id)
{
	struct gyre__graph *graph = loop->graph;
	struct gyre_node_options ours;
	struct gyre__node *node;
	int code = add_check(graph, node_class, name, options, &ours);

	if (code)
		return code;
	code = node_create(graph, node_class, name, &ours, &node);
	if (code)
		return gyre__error_set(ours.error, code, "node '%s': %s", name,
			code == -ENOSPC ? "there are 4096 nodes" : "no memory");
	code = node_class->init ? node_class->init(node->hot, ours.arg) : 0;
	if (code < 0) {
		gyre__node_free(graph, node);
		return gyre__error_set(ours.error, code, "node '%s': the init of class '%s' failed",
			name, node_class->name);
	}
	node_append(graph, node);
	if (ret_id)
		*ret_id = node->id;
	return 0;
}

int gyre_node_find(struct gyre_loop *loop, const char *name, struct gyre_node_id *ret_id)
{
	const struct gyre__node *node = name ? node_named(loop->graph, name) : NULL;

	if (!node)
		return -ENOENT;
	*ret_id = node->id;
	return 0;
}

const char *gyre_node_name(const struct gyre_node *node)
{
	return node->cold->name;
}

struct gyre_node_id gyre_node_id(const struct gyre_node *node)
{
	return node->cold->id;
}

struct gyre_node *gyre_node_get(struct gyre_loop *loop, struct gyre_node_id id)
{
	return gyre__graph_node(loop->graph, id);
}

int gyre_node_connect(
	struct gyre_loop *loop, struct gyre_node_id id, gyre_next next, const char *target)
{
	struct gyre__graph *graph = loop->graph;
	struct gyre__node *node = gyre__node_live(graph, id);
	char *copy;

	if (!node)
		return -ESRCH;
	if (gyre__graph_running(graph))
		return -EBUSY;
	if (next >= node->node_class->n_nexts || !target || !*target ||
		strlen(target) >= GYRE__NAME_SIZE)
		return -EINVAL;
	copy = strdup(target);
	if (!copy)
		return -ENOMEM;
	free(node->targets[next]);
	node->targets[next] = copy;
	graph->changed = true;
	gyre__hub_due(loop, 0);
	return 0;
}

static int node_work(struct gyre_loop *loop, struct gyre_node_id id, bool disabled)
{
	struct gyre__graph *graph = loop->graph;
	struct gyre__node *node = gyre__node_live(graph, id);

	if (!node)
		return -ESRCH;
	if (node->disabled == disabled)
		return 0;
	node->disabled = disabled;
	gyre__node_aim(node);
	if (gyre__node_is_input(node) && node->built) {
		graph->n_enabled += disabled ? -1 : 1;
		graph->unusual |= GYRE__INPUTS_CHANGED;
		gyre__hub_due(loop, 0);
	}
	return 0;
}

int gyre_node_disable(struct gyre_loop *loop, struct gyre_node_id id)
{
	return node_work(loop, id, true);
}

int gyre_node_enable(struct gyre_loop *loop, struct gyre_node_id id)
{
	return node_work(loop, id, false);
}

/* A node that has it as a next, as built or as named for the next build; NULL: there is none. */
static const struct gyre__node *node_before(
	const struct gyre__graph *graph, const struct gyre__node *node)
{
	for (const struct gyre__node *other = graph->first; other; other = other->next) {
		for (unsigned i = 0; other != node && i < other->node_class->n_nexts; i++) {
			if (other->targets[i] && !strcmp(other->targets[i], node->name))
				return other;
			if (other->built && other->hot->nexts[i] == node->hot)
				return other;
		}
	}
	return NULL;
}

int gyre_node_del(struct gyre_loop *loop, struct gyre_node_id id)
{
	struct gyre__graph *graph = loop->graph;
	struct gyre__node *node = gyre__node_live(graph, id);
	const struct gyre__node *before;

	if (!node)
		return -ESRCH;
	if (gyre__graph_running(graph) || node->hot->waiting[0] || node->hot->waiting[1])
		return -EBUSY;
	before = node_before(graph, node);
	if (before) {
		gyre__log(loop, GYRE_LOG_WARNING, "node '%s' is not deleted: '%s' leads to it",
			node->name, before->name);
		return -EBUSY;
	}
	if (node->node_class->fini)
		node->node_class->fini(node->hot);
	node_remove(graph, node);
	if (node->built && gyre__node_is_input(node))
		gyre__inputs_list(graph);
	else if (node->built)
		graph->by_rank[node->hot->rank] = NULL;
	gyre__node_free(graph, node);
	return 0;
}
