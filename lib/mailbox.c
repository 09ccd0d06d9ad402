/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mailboxes: output nodes with a bounded queue that a process empties. Owns the items between the
 * sweep that brought them and the take. Called by the dispatcher (the node's function) and by
 * processes. Invariant: an item that reached the node is in the queue, was taken, or was dropped
 * and counted as "mailbox-full"; a mailbox that is not empty has signalled its process.
 */
#include <errno.h>
#include <gyre/mailbox.h>
#include <stdlib.h>

#include "base/error.h"
#include "graph/graph.h"
#include "loop.h"
#include "sched/sched.h"

#define CAPACITY_MAX 65536

enum { DROP_FULL };

struct mailbox {
	void **ring; /* [first, first + count) modulo capacity */
	unsigned first, count, capacity;
	uint32_t events;
	struct gyre_process_id process;
};

static int mailbox_init(struct gyre_node *node, const void *arg)
{
	struct mailbox *box = gyre_node_data(node);

	box->capacity = *(const unsigned *)arg;
	box->ring = calloc(box->capacity, sizeof(*box->ring));
	return box->ring ? 0 : -ENOMEM;
}

static unsigned take(struct mailbox *box, void **items, unsigned max)
{
	unsigned n = 0;

	for (; n < max && box->count; n++, box->count--) {
		items[n] = box->ring[box->first];
		box->first = (box->first + 1) % box->capacity;
	}
	return n;
}

static void mailbox_fini(struct gyre_node *node)
{
	struct mailbox *box = gyre_node_data(node);
	void *items[64];
	unsigned n;

	while ((n = take(box, items, 64)) > 0)
		gyre__graph_release(gyre_node_loop(node)->graph, items, n);
	free(box->ring);
}

static void notify(const struct mailbox *box)
{
	if (box->events)
		gyre_process_signal(box->process, box->events);
}

static gyre_next mailbox_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct mailbox *box = gyre_node_data(node);
	unsigned room = box->capacity - box->count, taken = n < room ? n : room;

	for (unsigned i = 0; i < taken; i++)
		box->ring[(box->first + box->count++) % box->capacity] = items[i];
	if (taken)
		notify(box);
	if (taken == n)
		return GYRE_NEXT_KEEP;
	for (unsigned i = 0; i < n; i++)
		nexts[i] = i < taken ? GYRE_NEXT_KEEP : gyre_drop(DROP_FULL);
	return GYRE_NEXT_EACH;
}

static const struct gyre_reason mailbox_reasons[] = {
	[DROP_FULL] = {"mailbox-full", GYRE_SEVERITY_WARNING},
};

static const struct gyre_node_class mailbox_class = {
	.name = "mailbox",
	.kind = GYRE_NODE_OUTPUT,
	.process = mailbox_process,
	.init = mailbox_init,
	.fini = mailbox_fini,
	.data_size = sizeof(struct mailbox),
	.reasons = mailbox_reasons,
	.n_reasons = 1,
};

int gyre_mailbox_add(struct gyre_loop *loop, const char *name, unsigned capacity,
	struct gyre_error *error, struct gyre_node_id *ret_id)
{
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;

	if (capacity < 1 || capacity > CAPACITY_MAX)
		return gyre__error_set(error, -EINVAL,
			"mailbox '%s': capacity is %u, not from 1 to %u", name ? name : "",
			capacity, CAPACITY_MAX);
	options.arg = &capacity;
	options.error = error;
	return gyre_node_add(loop, &mailbox_class, name, &options, ret_id);
}

static int find(struct gyre_loop *loop, struct gyre_node_id id, struct mailbox **ret_box)
{
	struct gyre_node *node = gyre_node_get(loop, id);

	if (!node)
		return -ESRCH;
	/* Not its function: a stand-in's, while it is traced or disabled. */
	if (gyre__graph_class(node) != &mailbox_class)
		return -EINVAL;
	*ret_box = gyre_node_data(node);
	return 0;
}

int gyre_mailbox_serve(struct gyre_loop *loop, struct gyre_node_id id,
	struct gyre_process_id process, uint32_t events)
{
	struct mailbox *box;
	int status = find(loop, id, &box);

	if (status < 0)
		return status;
	if (process.loop && (!events || events & ~GYRE_EVENT_USER))
		return -EINVAL;
	if (process.loop && !gyre__process_lives(process))
		return -ESRCH;
	box->process = process;
	box->events = process.loop ? events : 0;
	if (box->count)
		notify(box);
	return 0;
}

int gyre_mailbox_take(
	struct gyre_loop *loop, struct gyre_node_id id, void **ret_items, unsigned max)
{
	struct mailbox *box;
	int status = find(loop, id, &box);

	return status < 0 ? status : (int)take(box, ret_items, max);
}
