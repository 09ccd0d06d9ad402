/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots as tables for DPDK's telemetry: which columns each command has, and how they are
 * written: an array for each column, for neither are names keys that telemetry takes, nor are
 * arrays of dictionaries values that it takes. Called by telemetry.c, calls rte_telemetry.
 * Invariant: a page of the widest table, with the longest texts and numbers, is within telemetry's
 * reply.
 */
#include "dpdk/table.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define TEXT_SIZE   64 /* texts are cut there, and no byte of them takes more than one */
#define REPLY_SIZE  16384
#define HEAD_SIZE   1024 /* the command, keys, and what is there once */
#define NUMBER_SIZE 21 /* with its comma */

static_assert(GYRE__PAGE_ROWS * (GYRE__TABLE_TEXTS * (TEXT_SIZE + 2) +
					GYRE__TABLE_NUMBERS * NUMBER_SIZE) +
			      HEAD_SIZE <=
		      REPLY_SIZE,
	"a page fits");
static_assert(GYRE__PAGE_ROWS <= RTE_TEL_MAX_ARRAY_ENTRIES, "a column fits");
static_assert(TEXT_SIZE <= RTE_TEL_MAX_STRING_LEN, "a text fits");

/* --- Nodes --- */

static unsigned runtime_count(const struct gyre_snapshot *snapshot)
{
	return snapshot->n_nodes;
}

static void runtime_fill(
	const struct gyre_snapshot *snapshot, unsigned i, struct gyre__row *ret_row)
{
	static const char *const kinds[] = {"pre-input", "input", "internal", "output"};
	const struct gyre_node_stats *node = &snapshot->nodes[i];
	const char *working = node->kind <= GYRE_NODE_INPUT ? "polling" : "active";

	*ret_row = (struct gyre__row){.texts = {node->name, node->class_name, kinds[node->kind],
					      node->disabled ? "disabled" : working},
		.numbers = {node->calls, node->items, node->dropped, node->punted, node->kept,
			node->created, node->sampled_calls, node->sampled_items,
			node->sampled_clocks, node->longest_clocks}};
}

const struct gyre__table gyre__table_runtime = {
	.texts = {"name", "class", "kind", "state"},
	.numbers = {"calls", "vectors", "dropped", "punted", "kept", "created", "sampled_calls",
		"sampled_items", "sampled_clocks", "longest_clocks"},
	.count = runtime_count,
	.fill = runtime_fill,
};

/* --- Processes --- */

static unsigned processes_count(const struct gyre_snapshot *snapshot)
{
	return snapshot->n_processes;
}

static void processes_fill(
	const struct gyre_snapshot *snapshot, unsigned i, struct gyre__row *ret_row)
{
	static const char *const states[] = {
		"running", "ready", "sleeping", "waiting", "joining", "ended"};
	const struct gyre_process_stats *process = &snapshot->processes[i];

	*ret_row = (struct gyre__row){.texts = {process->name, states[process->state]},
		.numbers = {process->id.index, process->id.generation, process->daemon,
			process->runs, process->run_nsec, process->longest_nsec,
			process->late_count, gyre_process_lateness(process, 50),
			gyre_process_lateness(process, 99), process->late_max, process->stack_size,
			process->stack_used}};
}

const struct gyre__table gyre__table_processes = {
	.texts = {"name", "state"},
	.numbers = {"index", "generation", "daemon", "runs", "run_nsec", "longest_nsec",
		"late_count", "late_p50_nsec", "late_p99_nsec", "late_max_nsec", "stack_size",
		"stack_used"},
	.count = processes_count,
	.fill = processes_fill,
};

/* --- Reasons that counted --- */

static unsigned errors_of(const struct gyre_node_stats *node)
{
	unsigned n = 0;

	for (unsigned i = 0; i < node->n_reasons; i++)
		n += node->drops[i] != 0;
	return n;
}

static unsigned errors_count(const struct gyre_snapshot *snapshot)
{
	unsigned n = 0;

	for (unsigned i = 0; i < snapshot->n_nodes; i++)
		n += errors_of(&snapshot->nodes[i]);
	return n;
}

static void errors_fill(const struct gyre_snapshot *snapshot, unsigned i, struct gyre__row *ret_row)
{
	static const char *const severities[] = {"info", "warning", "error"};
	const struct gyre_node_stats *node = snapshot->nodes;
	unsigned reason = 0;

	for (; i >= errors_of(node); node++)
		i -= errors_of(node);
	while (!node->drops[reason] || i-- > 0)
		reason++;
	*ret_row = (struct gyre__row){.texts = {node->name, node->reasons[reason].name,
					      severities[node->reasons[reason].severity]},
		.numbers = {node->drops[reason]}};
}

const struct gyre__table gyre__table_errors = {
	.texts = {"node", "reason", "severity"},
	.numbers = {"count"},
	.count = errors_count,
	.fill = errors_fill,
};

/* --- Links --- */

static unsigned links_count(const struct gyre_snapshot *snapshot)
{
	return snapshot->n_links;
}

static void links_fill(const struct gyre_snapshot *snapshot, unsigned i, struct gyre__row *ret_row)
{
	const struct gyre_link_state *link = &snapshot->links[i];

	*ret_row = (struct gyre__row){
		.texts = {link->name}, .numbers = {link->up, link->changed, link->changes}};
}

const struct gyre__table gyre__table_links = {
	.texts = {"name"},
	.numbers = {"up", "changed_nsec", "changes"},
	.count = links_count,
	.fill = links_fill,
};

/* --- Loops --- */

const struct gyre__table gyre__table_loops = {
	.texts = {"name"},
	.numbers = {"answered", "now_nsec", "turns", "idle_turns", "sleeps", "posts", "timers",
		"resumes", "inject_dropped", "nodes", "processes", "links"},
};

void gyre__table_loop(
	const char *name, const struct gyre_snapshot *snapshot, struct gyre__row *ret_row)
{
	const struct gyre_loop_stats *stats = snapshot ? &snapshot->stats : NULL;

	*ret_row = (struct gyre__row){.texts = {name}};
	if (!snapshot)
		return;
	*ret_row = (struct gyre__row){.texts = {name},
		.numbers = {1, snapshot->now, stats->turns, stats->idle_turns, stats->sleeps,
			stats->posts, stats->timers, stats->resumes, stats->inject_dropped,
			snapshot->n_nodes, snapshot->n_processes, snapshot->n_links}};
}

/* --- Writing --- */

/* What JSON would have to escape, and what is not ASCII, is shown as "?". */
static void text_clean(char clean[TEXT_SIZE], const char *text)
{
	size_t i;

	for (i = 0; text[i] && i < TEXT_SIZE - 1; i++) {
		bool plain = text[i] >= ' ' && text[i] <= '~' && text[i] != '"' && text[i] != '\\';

		clean[i] = plain ? text[i] : '?';
	}
	clean[i] = '\0';
}

void gyre__table_text(struct rte_tel_data *info, const char *key, const char *text)
{
	char clean[TEXT_SIZE];

	text_clean(clean, text);
	rte_tel_data_add_dict_string(info, key, clean);
}

static struct rte_tel_data *column_of(enum rte_tel_value_type type)
{
	struct rte_tel_data *column = rte_tel_data_alloc();

	if (column)
		rte_tel_data_start_array(column, type);
	return column;
}

static int texts_write(struct rte_tel_data *info, const char *key, const struct gyre__row *rows,
	unsigned n, unsigned at)
{
	struct rte_tel_data *column = column_of(RTE_TEL_STRING_VAL);
	char clean[TEXT_SIZE];

	if (!column)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		text_clean(clean, rows[i].texts[at]);
		rte_tel_data_add_array_string(column, clean);
	}
	return rte_tel_data_add_dict_container(info, key, column, 0);
}

static int numbers_write(struct rte_tel_data *info, const char *key, const struct gyre__row *rows,
	unsigned n, unsigned at)
{
	struct rte_tel_data *column = column_of(RTE_TEL_U64_VAL);

	if (!column)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++)
		rte_tel_data_add_array_u64(column, rows[i].numbers[at]);
	return rte_tel_data_add_dict_container(info, key, column, 0);
}

int gyre__table_write(struct rte_tel_data *info, const struct gyre__table *table,
	const struct gyre__row *rows, unsigned n)
{
	int err = 0;

	for (unsigned i = 0; !err && i < GYRE__TABLE_TEXTS && table->texts[i]; i++)
		err = texts_write(info, table->texts[i], rows, n, i);
	for (unsigned i = 0; !err && i < GYRE__TABLE_NUMBERS && table->numbers[i]; i++)
		err = numbers_write(info, table->numbers[i], rows, n, i);
	return err;
}
