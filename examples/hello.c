/* SPDX-License-Identifier: Apache-2.0 */
/* A node that sorts words by length, two that print them, and a process that feeds the first. */
#include <gyre.h>
#include <stdio.h>
#include <string.h>

static gyre_next sort(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		nexts[i] = strlen(items[i]) < 5 ? 0 : 1; /* an index into the class's nexts */
	return GYRE_NEXT_EACH;
}

static gyre_next print(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		printf("%s: %s\n", gyre_node_name(node), (const char *)items[i]);
	return GYRE_NEXT_KEEP; /* an output node is the items' end */
}

static const char *const sort_nexts[] = {"short", "long"};
static const struct gyre_node_class sort_class = {.name = "sort",
	.kind = GYRE_NODE_INTERNAL,
	.process = sort,
	.nexts = sort_nexts,
	.n_nexts = 2};
static const struct gyre_node_class print_class = {
	.name = "print", .kind = GYRE_NODE_OUTPUT, .process = print};

static int feed(struct gyre_process *self, void *arg)
{
	void *words[] = {"gyre", "turns", "and", "turns"};

	for (int i = 0; i < 2; i++) {
		if (gyre_process_sleep(self, GYRE_MSEC(10)) < 0) /* suspends; the loop goes on */
			return 1;
		gyre_node_inject(gyre_process_loop(self), *(struct gyre_node_id *)arg, words, 4);
	}
	return 0;
}

int main(void)
{
	struct gyre_error error;
	struct gyre_node_id sorter;
	struct gyre_loop *loop;

	if (gyre_loop_create(NULL, &loop) < 0)
		return 1;
	gyre_node_add(loop, &sort_class, "sort", NULL, &sorter);
	gyre_node_add(loop, &print_class, "short", NULL, NULL);
	gyre_node_add(loop, &print_class, "long", NULL, NULL);
	gyre_process_spawn(loop, feed, &sorter, NULL, NULL);
	if (gyre_graph_build(loop, &error) < 0) /* names are resolved here */
		fprintf(stderr, "%s\n", error.text);
	int status = gyre_loop_run(loop, GYRE_RUN_DEFAULT); /* until feed has ended */
	gyre_loop_destroy(loop);
	return status < 0;
}
