/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.h: look at a loop while it runs: its nodes, processes and links, from its own thread or
 * from another.
 *
 * A snapshot is a copy that stands alone: it stays valid after the nodes, their classes, the
 * processes, links and the loop. On the loop's thread gyre_snapshot_create() copies everything at
 * one moment. From another thread a reader has the loop copy it, a bounded chunk a turn: the loop
 * takes no lock, allocates nothing and waits for nobody. Counters are never cleared: who wants a
 * difference keeps an earlier snapshot.
 */
#ifndef GYRE_SNAPSHOT_H
#define GYRE_SNAPSHOT_H

#include <gyre/graph.h>
#include <gyre/link.h>
#include <gyre/loop.h>
#include <gyre/process.h>
#include <stdio.h>

GYRE_BEGIN_DECLS

struct gyre_snapshot {
	char loop[32]; /* its name */
	uint64_t now; /* the loop's time when it was begun */
	uint64_t taken_nsec; /* from the turn of its first chunk to that of its last; 0: one turn */
	struct gyre_loop_stats stats; /* involuntary_switches: without the run under way */
	unsigned vector;
	unsigned frames, frames_free; /* the frame pool */
	uint64_t inject_waiting; /* items */
	unsigned n_nodes;
	struct gyre_node_stats *nodes; /* inputs first, then by rank, then those not built yet */
	unsigned n_processes;
	struct gyre_process_stats *processes; /* in the order of gyre_process_next() */
	unsigned n_links;
	struct gyre_link_state *links; /* in the order of adding */
	void *memory; /* private: what the above points into */
};

/* Copies everything at once; the caller owns it. Costs a system call per process (stack_used).
 * Errors: -ENOMEM. */
GYRE_API int gyre_snapshot_create(struct gyre_loop *loop, struct gyre_snapshot **ret_snapshot);
/* NULL is fine. Any thread. */
GYRE_API void gyre_snapshot_destroy(struct gyre_snapshot *snapshot);
/* The node's counters by instance name, or NULL. Any thread, as all below. */
GYRE_API const struct gyre_node_stats *gyre_snapshot_find(
	const struct gyre_snapshot *snapshot, const char *name);
/* Writes the runtime table, with the columns of VPP's `show runtime`: Name, State, Calls, Vectors
 * (the items), Suspends (0: nodes do not; gyre_process_write_table() shows processes), Clocks (nsec
 * per item; per call of a node that had no item), Vectors/Call (items per call). Counts since
 * `since`, an earlier snapshot of the loop; NULL: since the beginning. A node that `since` does not
 * know by its id counts from the beginning, so does one that was deleted and added anew. Errors:
 * -EIO. */
GYRE_API int gyre_snapshot_write_runtime(
	const struct gyre_snapshot *snapshot, const struct gyre_snapshot *since, FILE *out);
/* Writes Count, Node, Reason, Severity of every reason that counted, since as above. Errors: -EIO.
 */
GYRE_API int gyre_snapshot_write_errors(
	const struct gyre_snapshot *snapshot, const struct gyre_snapshot *since, FILE *out);
/* Writes the graph in Graphviz's language: inputs on top, outputs at the bottom, edges labelled
 * with the number of the next, back edges dashed. Errors: -EIO. */
GYRE_API int gyre_snapshot_write_dot(const struct gyre_snapshot *snapshot, FILE *out);

/* --- Readers: snapshots for another thread --- */

/*
 * A reader belongs to one thread at a time, which may be the loop's own. It may start and take one
 * reading after the other:
 *
 *	gyre_reader_start(reader);
 *	...until its fn was called, or now and then:
 *	while ((status = gyre_reader_take(reader, &snapshot)) == -EAGAIN)
 *		...
 *
 * What belongs together: each node, process and link in itself, and all that the loop copies in one
 * turn, `chunk` of them. Between two turns packets pass and nodes, processes and links come and go:
 * whatever is there from the reading's beginning to its end is in the snapshot, once. An edge to a
 * node that is not leads nowhere (UINT_MAX). A reading of no more than `chunk` units in all is of
 * one moment, like gyre_snapshot_create().
 *
 * A loop that does not turn finishes no reading; who waits for one needs a deadline of his own. One
 * in virtual time is awake until it has. A loop that is destroyed first finishes what was started;
 * but no thread may be inside gyre_reader_start() or gyre_reader_take() from then on, and only
 * gyre_reader_destroy() may be called afterwards.
 */
struct gyre_reader;

/* Called on the loop's thread when a reading can be taken: to wake its own loop, nothing else. Must
 * not suspend, nor destroy the reader. */
typedef void gyre_reader_fn(void *arg);

struct gyre_reader_options {
	size_t size;
	unsigned chunk; /* nodes, processes and links that the loop copies a turn, >= 1. 16 */
	bool no_stacks; /* leaves stack_used 0, which is a system call per process. false */
	gyre_reader_fn *fn; /* may be NULL */
	void *arg;
	struct gyre_error *error; /* text of a failed create. NULL */
};

/* Fills *options with the defaults. Any thread. */
GYRE_API void gyre_reader_options_init(struct gyre_reader_options *options, size_t size);

static inline struct gyre_reader_options gyre__reader_options_default(void)
{
	struct gyre_reader_options options;

	gyre_reader_options_init(&options, sizeof(options));
	return options;
}
#define GYRE_READER_OPTIONS_INIT gyre__reader_options_default()

/* Makes a reader of a loop, any number; the caller owns it. `options` may be NULL; it is copied.
 * Any thread. Errors: -EINVAL (no loop, chunk 0, options too small), -E2BIG, -ENOMEM. */
GYRE_API int gyre_reader_create(struct gyre_loop *loop, const struct gyre_reader_options *options,
	struct gyre_reader **ret_reader);
/* Has the loop begin a reading, and wakes it. What was finished and not taken is lost. The reader's
 * thread. Errors: -EBUSY (one is under way). */
GYRE_API int gyre_reader_start(struct gyre_reader *reader);
/* Takes what was read, once; the snapshot is the caller's. The reader's thread: what takes time,
 * order and edges, is done here. Errors: -EAGAIN (not finished; or the reader's memory was too
 * small: it was enlarged, and the reading begun anew), -ENOENT (nothing was started), -ENOMEM
 * (the reading is lost). */
GYRE_API int gyre_reader_take(struct gyre_reader *reader, struct gyre_snapshot **ret_snapshot);
/* Destroys it, with what it reads: fn is not called any more once this has returned, which waits
 * for no more than a call of fn on the loop's thread. What the loop still holds of a reading that
 * is under way the loop frees itself, in its next turn or when it is destroyed. NULL is fine. The
 * reader's thread. Errors: -EBUSY (inside its fn, on the loop's thread: it is then untouched). */
GYRE_API int gyre_reader_destroy(struct gyre_reader *reader);

GYRE_END_DECLS

#endif
