/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readings: copies of a loop's nodes, processes and links, made at once or a chunk a turn. Owns the
 * loop's list of readings under way. Called by the application on the loop's thread and by
 * reader.c; calls graph and sched for their parts. Invariant: between two chunks a reading keeps
 * indices, and of pointers only the next link's, which gyre_link_del() moves on.
 */
#include "snapshot.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "graph/snapshot.h"
#include "loop.h"
#include "sched/sched.h"

#define LOOKS_MAX 256 /* places, taken or free, that a chunk passes over */

static bool nodes_copy(struct gyre__reading *reading)
{
	return gyre__graph_copy(reading->loop->graph, &reading->index, &reading->copy);
}

static bool processes_copy(struct gyre__reading *reading)
{
	return gyre__sched_copy(
		reading->loop->sched, &reading->index, &reading->copy, reading->stacks);
}

static bool links_copy(struct gyre__reading *reading)
{
	while (gyre__copy_may_go_on(&reading->copy)) {
		const struct gyre_link *link = reading->link;
		struct gyre_link_state *state;

		if (!link)
			return true;
		reading->link = link->next;
		state = gyre__copy_room(&reading->copy, sizeof(*state));
		if (state)
			*state = link->state;
	}
	return false;
}

static bool (*const passes[GYRE__PASSES])(struct gyre__reading *reading) = {
	[GYRE__PASS_NODES] = nodes_copy,
	[GYRE__PASS_PROCESSES] = processes_copy,
	[GYRE__PASS_LINKS] = links_copy,
};

static void head_fill(struct gyre_snapshot *head, const struct gyre__loop *loop)
{
	memset(head, 0, sizeof(*head));
	memcpy(head->loop, loop->hub.name, sizeof(head->loop));
	head->now = loop->hub.now;
	head->stats = loop->stats; /* not by gyre_loop_stats_get(): a system call */
	head->stats.inject_dropped = loop->injection.dropped;
	head->inject_waiting = loop->injection.count;
	gyre__graph_head(loop->hub.graph, head);
}

void gyre__reading_begin(struct gyre__reading *reading)
{
	struct gyre__loop *loop = gyre__loop_of(reading->loop);

	head_fill(&reading->head, loop);
	reading->pass = 0;
	reading->index = 0;
	reading->link = loop->links.first;
	reading->copy.used = 0;
	memset(reading->counts, 0, sizeof(reading->counts));
	reading->starts[0] = 0;
	reading->next = loop->readings;
	reading->pprev = &loop->readings;
	if (reading->next)
		reading->next->pprev = &reading->next;
	loop->readings = reading;
}

void gyre__reading_end(struct gyre__reading *reading)
{
	*reading->pprev = reading->next;
	if (reading->next)
		reading->next->pprev = reading->pprev;
}

static void pass_on(struct gyre__reading *reading)
{
	unsigned before = reading->copy.units;
	bool over = passes[reading->pass](reading);

	reading->counts[reading->pass] += before - reading->copy.units;
	if (!over)
		return;
	reading->index = 0;
	if (++reading->pass < GYRE__PASSES)
		reading->starts[reading->pass] = reading->copy.used;
}

bool gyre__reading_go_on(struct gyre__reading *reading, unsigned units)
{
	struct gyre__copy *copy = &reading->copy;

	copy->units = units;
	copy->looks = units == UINT_MAX ? UINT_MAX : LOOKS_MAX;
	while (reading->pass < GYRE__PASSES && copy->units && copy->looks)
		pass_on(reading);
	if (reading->pass < GYRE__PASSES)
		return false;
	reading->head.taken_nsec = reading->loop->now - reading->head.now;
	gyre__reading_end(reading);
	return true;
}

int gyre__reading_make(
	const struct gyre__reading *reading, char *memory, struct gyre_snapshot **ret_snapshot)
{
	const size_t *starts = reading->starts;
	struct gyre_snapshot *snapshot = malloc(sizeof(*snapshot));
	int status;

	if (!snapshot) {
		free(memory);
		return -ENOMEM;
	}
	*snapshot = reading->head;
	snapshot->memory = memory;
	snapshot->n_nodes = reading->counts[GYRE__PASS_NODES];
	snapshot->n_processes = reading->counts[GYRE__PASS_PROCESSES];
	snapshot->processes = (void *)(memory + starts[GYRE__PASS_PROCESSES]);
	snapshot->n_links = reading->counts[GYRE__PASS_LINKS];
	snapshot->links = (void *)(memory + starts[GYRE__PASS_LINKS]);
	status = gyre__snapshot_nodes(snapshot, memory);
	if (status < 0) {
		gyre_snapshot_destroy(snapshot);
		return status;
	}
	*ret_snapshot = snapshot;
	return 0;
}

/* Twice: the first time it finds no room, and measures what it takes. */
int gyre_snapshot_create(struct gyre_loop *loop, struct gyre_snapshot **ret_snapshot)
{
	struct gyre__reading reading = {.loop = loop, .stacks = true};

	gyre__reading_begin(&reading);
	gyre__reading_go_on(&reading, UINT_MAX);
	reading.copy.size = reading.copy.used + 1;
	reading.copy.memory = malloc(reading.copy.size);
	if (!reading.copy.memory)
		return -ENOMEM;
	gyre__reading_begin(&reading);
	gyre__reading_go_on(&reading, UINT_MAX);
	return gyre__reading_make(&reading, reading.copy.memory, ret_snapshot);
}
