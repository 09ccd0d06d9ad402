/* SPDX-License-Identifier: Apache-2.0 */
/* A loop with nodes that packets pass, processes and links, for the tests of readers. */
#include "readings.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const char *const sort_nexts[] = {"sink"};
static const char *const source_nexts[] = {"sort"};
static const struct gyre_reason sort_reasons[] = {{"odd", GYRE_SEVERITY_INFO}};

/* Items are numbers in pointers: odd ones are dropped. */
static gyre_next sort(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node;
	for (unsigned i = 0; i < n; i++)
		nexts[i] = (uintptr_t)items[i] & 1 ? gyre_drop(0) : 0;
	return GYRE_NEXT_EACH;
}

static gyre_next sink(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return GYRE_NEXT_KEEP;
}

static unsigned source(struct gyre_node *node, unsigned max)
{
	void **items = gyre_next_reserve(node, 0, max);

	for (unsigned i = 0; i < max; i++)
		items[i] = (void *)(uintptr_t)i;
	gyre_next_commit(node, 0, max);
	return max;
}

static const struct gyre_node_class source_class = {.name = "source",
	.kind = GYRE_NODE_INPUT,
	.poll = source,
	.nexts = source_nexts,
	.n_nexts = 1};
const struct gyre_node_class sort_class = {.name = "sort",
	.kind = GYRE_NODE_INTERNAL,
	.process = sort,
	.nexts = sort_nexts,
	.n_nexts = 1,
	.reasons = sort_reasons,
	.n_reasons = 1};
const struct gyre_node_class sink_class = {
	.name = "sink", .kind = GYRE_NODE_OUTPUT, .process = sink};

int sleeper(struct gyre_process *self, void *arg)
{
	(void)arg;
	return gyre_process_sleep(self, GYRE_SEC(3600));
}

struct gyre_loop *loop;
struct gyre_link links[LINKS];

static void nodes_add(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		char name[16];

		snprintf(name, sizeof(name), "sort-%u", i);
		ck_assert_int_eq(gyre_node_add(loop, &sort_class, name, NULL, NULL), 0);
	}
}

static void links_add(unsigned n)
{
	memset(links, 0, sizeof(links));
	for (unsigned i = 0; i < n; i++) {
		char name[16];

		snprintf(name, sizeof(name), "link-%u", i);
		ck_assert_int_eq(gyre_link_add(loop, &links[i], name, i & 1), 0);
	}
}

void processes_spawn(unsigned n)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;

	options.daemon = true;
	for (unsigned i = 0; i < n; i++)
		ck_assert_int_eq(gyre_process_spawn(loop, sleeper, NULL, &options, NULL), 0);
}

void make(unsigned nodes, unsigned processes, unsigned n_links)
{
	ck_assert_int_eq(gyre_loop_create(NULL, &loop), 0);
	ck_assert_int_eq(gyre_node_add(loop, &sink_class, "sink", NULL, NULL), 0);
	ck_assert_int_eq(gyre_node_add(loop, &sort_class, "sort", NULL, NULL), 0);
	ck_assert_int_eq(gyre_node_add(loop, &source_class, "source", NULL, NULL), 0);
	nodes_add(nodes);
	processes_spawn(processes);
	links_add(n_links);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
}

struct gyre_reader *reader_of(unsigned chunk, gyre_reader_fn *fn, void *arg)
{
	struct gyre_reader_options options = GYRE_READER_OPTIONS_INIT;
	struct gyre_reader *reader;

	options.chunk = chunk;
	options.fn = fn;
	options.arg = arg;
	ck_assert_int_eq(gyre_reader_create(loop, &options, &reader), 0);
	return reader;
}

void count_up(void *arg)
{
	(*(unsigned *)arg)++;
}
