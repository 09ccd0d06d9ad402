/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph.h: describe nodes, add instances, connect and build the graph; what nodes count.
 *
 * A node's class is a const description; adding it to a loop makes an instance with a name, its
 * data and its nexts. Names of nexts are resolved when the graph is built. What runs per packet is
 * in node.h. Everything here is for the loop's thread outside node functions: before the run, in
 * processes, posts, timers and watches.
 */
#ifndef GYRE_GRAPH_H
#define GYRE_GRAPH_H

#include <gyre/loop.h>

GYRE_BEGIN_DECLS

struct gyre_node;

/* Where an item goes: the index of one of the node's nexts, or one of the codes below. */
typedef uint16_t gyre_next;

#define GYRE_VECTOR_MAX    256
#define GYRE_NODE_NEXT_MAX 4096 /* nexts of a node, and nodes of a loop */
#define GYRE_REASON_MAX    256 /* drop reasons of a class */

/* From a node's function: nexts[0..n) say where each item goes. */
#define GYRE_NEXT_EACH ((gyre_next)0xffff)
/* The node owns the item from now on. */
#define GYRE_NEXT_KEEP ((gyre_next)0xfffe)
/* From a node's function: it sent each of the items by a sender (sender.h). */
#define GYRE_NEXT_SENT ((gyre_next)0xfffd)

/* The item is dropped (released by the loop's item operations) and counted under `reason`. */
static inline gyre_next gyre_drop(unsigned reason)
{
	return (gyre_next)(0x8000u + reason);
}

/* The item goes to the loop's punt function, counted under `reason`; without one it is dropped. */
static inline gyre_next gyre_punt(unsigned reason)
{
	return (gyre_next)(0xc000u + reason);
}

/* A node's work on a vector of n items, 1 <= n <= the loop's vector. Returns one next for the whole
 * vector, or GYRE_NEXT_EACH after filling nexts[0..n), or GYRE_NEXT_SENT. It owns no item
 * afterwards but those it KEEPs. Runs inside the sweep: must not suspend. items[] may be written
 * (an item replaced by another); nexts[] may not be read before it is written, and has room for
 * GYRE_VECTOR_MAX, so that whole registers may be stored: what is there from n on is ignored. */
typedef gyre_next gyre_node_fn(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n);

/* An input node's poll: brings at most `max` items (there may be no frames for more) by
 * gyre_next_reserve() and commit, or put (node.h); returns how many. */
typedef unsigned gyre_poll_fn(struct gyre_node *node, unsigned max);

/* Called when an instance is added (its data zeroed, `arg` from the options), and when it is
 * deleted or the loop destroyed. init returns 0 or a negative errno, which the add returns. */
typedef int gyre_node_init_fn(struct gyre_node *node, const void *arg);
typedef void gyre_node_fini_fn(struct gyre_node *node);

/* Writes one line about an item, at most size bytes with its final 0; returns its length or a
 * negative errno. */
typedef int gyre_trace_fn(const void *item, char *text, size_t size);

enum gyre_node_kind {
	GYRE_NODE_PRE_INPUT, /* polled before the inputs */
	GYRE_NODE_INPUT, /* polled every turn while enabled */
	GYRE_NODE_INTERNAL, /* takes vectors, picks nexts */
	GYRE_NODE_OUTPUT, /* takes vectors, is the items' end: it KEEPs or drops them, has no nexts
			   */
};

enum gyre_severity {
	GYRE_SEVERITY_INFO, /* expected: a filter's verdict */
	GYRE_SEVERITY_WARNING,
	GYRE_SEVERITY_ERROR,
};

/* Why a node drops, punts or counts. Beside its class's reasons each node has built-in ones:
 * "hop-budget" (the item crossed back edges too often in one sweep), "disabled" (it reached a
 * disabled node), "bad-next" (the node gave a next or a reason that it does not have) and
 * "no-frames" (the node sends more than its fan_out). */
struct gyre_reason {
	const char *name; /* "ttl-expired" */
	enum gyre_severity severity;
};

struct gyre_node_class {
	const char *name;
	enum gyre_node_kind kind;
	gyre_node_fn *process; /* internal and output nodes */
	gyre_poll_fn *poll; /* pre-input and input nodes */
	gyre_node_init_fn *init; /* may be NULL */
	gyre_node_fini_fn *fini; /* may be NULL */
	gyre_trace_fn *trace; /* NULL: the loop's item operations' */
	size_t data_size; /* bytes of instance data, aligned to a cache line */
	const char *const *nexts; /* names of the nexts' default instances; NULL entries must be
				     connected or named by the instance */
	unsigned n_nexts;
	const struct gyre_reason *reasons;
	unsigned n_reasons;
	/* Most items that leave for one that enters, counting those that the node creates, clones
	 * or lets go after it kept them; 0 stands for 1. Above 1 the node may not lie on a cycle.
	 */
	unsigned fan_out;
};

/* What the core may do with items that it does not know. */
struct gyre_item_ops {
	/* Ends n items. NULL: items are nobody's. */
	void (*release)(void *const *items, unsigned n);
	/* Another reference or copy of an item, NULL when there is no memory. May be NULL. */
	void *(*clone)(void *item);
	gyre_trace_fn *trace; /* may be NULL */
};

/* Names a node from outside; a plain value, never dangling: a dead one gives -ESRCH. */
struct gyre_node_id {
	uint32_t index, generation;
};

struct gyre_node_options {
	size_t size;
	const void *arg; /* for the class's init */
	const char *const *nexts; /* names of next instances in place of the class's, n_nexts of
				     them; NULL entries keep the class's. Copied. NULL */
	bool disabled; /* an input starts unpolled. false */
	struct gyre_error *error; /* text of a failed add. NULL */
};
GYRE_API void gyre_node_options_init(struct gyre_node_options *options, size_t size);

static inline struct gyre_node_options gyre__node_options_default(void)
{
	struct gyre_node_options options;

	gyre_node_options_init(&options, sizeof(options));
	return options;
}
#define GYRE_NODE_OPTIONS_INIT gyre__node_options_default()

/* Adds an instance of a class (borrowed, outlives it) under a name of its own, copied. `ret_id` may
 * be NULL. Errors: -EINVAL (no or bad class: which field is in the text; no name, or one over 63
 * bytes; options too small), -EEXIST (the name is taken), -E2BIG, -ENOSPC (4096 nodes), -ENOMEM,
 * -EBUSY (inside a node function), what init returned. */
GYRE_API int gyre_node_add(struct gyre_loop *loop, const struct gyre_node_class *node_class,
	const char *name, const struct gyre_node_options *options, struct gyre_node_id *ret_id);

/* Looks an instance up. Errors: -ENOENT. */
GYRE_API int gyre_node_find(struct gyre_loop *loop, const char *name, struct gyre_node_id *ret_id);
/* The hot part of an instance, for its data and name; borrowed until deleted; NULL for a dead id.
 */
GYRE_API struct gyre_node *gyre_node_get(struct gyre_loop *loop, struct gyre_node_id id);
/* The instance's name, borrowed until it is deleted. Also inside node functions. */
GYRE_API const char *gyre_node_name(const struct gyre_node *node);
/* The id of a node that one has by its hot part. Also inside node functions. */
GYRE_API struct gyre_node_id gyre_node_id(const struct gyre_node *node);

/* Makes next number `next` of a node the instance called `target` (copied; it may be added later).
 * Takes effect when the graph is built. Errors: -ESRCH, -EINVAL (next out of range, no target),
 * -ENOMEM, -EBUSY (inside a node function). */
GYRE_API int gyre_node_connect(
	struct gyre_loop *loop, struct gyre_node_id id, gyre_next next, const char *target);

/* Takes a node out of work, or back: an input is not polled, another node's items are dropped and
 * counted as "disabled". Also inside node functions and polls: an input that has nothing more to
 * bring disables itself, and so keeps the loop alive no longer. Errors: -ESRCH. */
GYRE_API int gyre_node_disable(struct gyre_loop *loop, struct gyre_node_id id);
GYRE_API int gyre_node_enable(struct gyre_loop *loop, struct gyre_node_id id);

/* Deletes an instance that nothing leads to and that holds no items. Errors: -ESRCH, -EBUSY (a next
 * of another node is it, or it has items pending, or inside a node function). */
GYRE_API int gyre_node_del(struct gyre_loop *loop, struct gyre_node_id id);

/* Resolves names, orders the nodes, sizes the frame pool. gyre_loop_run() does it when the graph
 * has changed; call it to see the errors early or to change a graph that runs. On failure the
 * graph that was built before goes on. `error` may be NULL.
 * Errors: -ENOENT (a next names no instance: text names node, next and the missing name), -EINVAL
 * (an output or internal node leads to an input; a cloning node on a cycle), -ENOMEM, -EBUSY
 * (inside a node function). */
GYRE_API int gyre_graph_build(struct gyre_loop *loop, struct gyre_error *error);

/* Hands n items to a node from a process, post, timer or watch; they enter at the next safe point,
 * in order. Returns how many were taken, the first ones, n as a rule, fewer when inject_max are
 * waiting; the others stay the caller's. What was taken for a node that is deleted by then, or was
 * added and is in no graph built yet, is released and counted as inject_dropped (loop.h). Errors:
 * -ESRCH (no such node), -EINVAL (an input). */
GYRE_API int gyre_node_inject(
	struct gyre_loop *loop, struct gyre_node_id id, void *const *items, unsigned n);

/* Formats the next `count` items that reach the node, one line each, to the loop's log. Errors:
 * -ESRCH, -ENOTSUP (neither class nor item operations have a trace function). */
GYRE_API int gyre_node_trace(struct gyre_loop *loop, struct gyre_node_id id, unsigned count);

/* Which partition code runs: chosen by CPU when the loop is created. */
enum gyre_simd {
	GYRE_SIMD_AUTO,
	GYRE_SIMD_SCALAR,
	GYRE_SIMD_AVX2,
	GYRE_SIMD_AVX512,
};
/* Forces one. Errors: -ENOTSUP (not this CPU, or not built in), -EINVAL. */
GYRE_API int gyre_graph_simd_set(struct gyre_loop *loop, enum gyre_simd simd);
/* The one in use, never AUTO. */
GYRE_API enum gyre_simd gyre_graph_simd(const struct gyre_loop *loop);

/* --- Statistics --- */

/* One node's, in a snapshot (snapshot.h), whose memory the pointers point into. */
struct gyre_node_stats {
	struct gyre_node_id id; /* tells it from another of its name, before or after */
	const char *name;
	const char *class_name;
	enum gyre_node_kind kind;
	bool disabled;
	unsigned rank; /* place in the order of dispatch; inputs: order of polling */
	unsigned n_reasons; /* the class's, then the built-in ones */
	const struct gyre_reason *reasons;
	const uint64_t *drops; /* by reason: items dropped, punted or counted */
	unsigned n_nexts;
	const unsigned *nexts; /* indices into the snapshot's nodes; UINT_MAX: none of that name */
	/* Of a loop whose node_stats is false `calls` is 0, and what was sampled, and `items` is of
	 * inputs only. */
	uint64_t calls; /* function calls; an input's polls */
	uint64_t items; /* items received; an input's: brought */
	uint64_t dropped, punted, kept; /* items that ended here, by way */
	uint64_t created; /* items put by the node beside those it received */
	/* Of the calls in the sweeps that were clocked; clocks are nsec. */
	uint64_t sampled_calls, sampled_items, sampled_clocks;
	uint64_t longest_clocks; /* longest clocked call, nsec */
};

GYRE_END_DECLS

#endif
