/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot in Graphviz's language: inputs on top, outputs at the bottom, kinds by shape, edges by
 * the index of the next. Called by applications, calls stdio only. Invariant: any name makes valid
 * text, for it is written quoted and escaped; back edges do not pull at the ranks.
 */
#include <gyre/snapshot.h>

#include <errno.h>
#include <stdio.h>

static const char *const shapes[] = {
	[GYRE_NODE_PRE_INPUT] = "invtriangle",
	[GYRE_NODE_INPUT] = "invhouse",
	[GYRE_NODE_INTERNAL] = "box",
	[GYRE_NODE_OUTPUT] = "house",
};

/* Inside quotes: labels read a backslash as the start of an escape, and a line may not break. */
static void escaped_write(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc((unsigned char)*text < ' ' ? '?' : *text, out);
	}
}

static void quoted_write(FILE *out, const char *text)
{
	fputc('"', out);
	escaped_write(out, text);
	fputc('"', out);
}

static void node_write(FILE *out, const struct gyre_node_stats *node)
{
	fputc('\t', out);
	quoted_write(out, node->name);
	fprintf(out, " [shape=%s, label=\"", shapes[node->kind]);
	escaped_write(out, node->name);
	fputs("\\n", out);
	escaped_write(out, node->class_name);
	fprintf(out, "\"%s];\n", node->disabled ? ", style=dashed" : "");
}

static bool is_input(const struct gyre_node_stats *node)
{
	return node->kind == GYRE_NODE_INPUT || node->kind == GYRE_NODE_PRE_INPUT;
}

static void edges_write(FILE *out, const struct gyre_snapshot *snapshot, unsigned from)
{
	const struct gyre_node_stats *node = &snapshot->nodes[from];

	for (unsigned i = 0; i < node->n_nexts; i++) {
		if (node->nexts[i] >= snapshot->n_nodes)
			continue;
		const struct gyre_node_stats *next = &snapshot->nodes[node->nexts[i]];
		bool back = !is_input(node) && next->rank <= node->rank;

		fputc('\t', out);
		quoted_write(out, node->name);
		fputs(" -> ", out);
		quoted_write(out, next->name);
		fprintf(out, " [label=\"%u\"%s];\n", i,
			back ? ", style=dashed, constraint=false" : "");
	}
}

/* Puts the inputs, or the outputs, at one height, if there are any. */
static void rank_write(
	FILE *out, const struct gyre_snapshot *snapshot, bool inputs, const char *rank)
{
	bool any = false;

	for (unsigned i = 0; i < snapshot->n_nodes; i++) {
		const struct gyre_node_stats *node = &snapshot->nodes[i];

		if (inputs ? !is_input(node) : node->kind != GYRE_NODE_OUTPUT)
			continue;
		if (!any)
			fprintf(out, "\t{rank=%s;", rank);
		any = true;
		fputc(' ', out);
		quoted_write(out, node->name);
		fputc(';', out);
	}
	if (any)
		fputs("}\n", out);
}

int gyre_snapshot_write_dot(const struct gyre_snapshot *snapshot, FILE *out)
{
	fputs("digraph gyre {\n\trankdir=TB;\n", out);
	for (unsigned i = 0; i < snapshot->n_nodes; i++)
		node_write(out, &snapshot->nodes[i]);
	rank_write(out, snapshot, true, "source");
	rank_write(out, snapshot, false, "sink");
	for (unsigned i = 0; i < snapshot->n_nodes; i++)
		edges_write(out, snapshot, i);
	fputs("}\n", out);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
