/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.h: what a node's function uses while packets pass: its data, the clock, writers.
 *
 * Hot: nothing here allocates, locks, logs or makes a system call, and nothing can fail. For use
 * inside node functions and polls only, with the node that runs; gyre_node_data() and
 * gyre_node_loop() at any time. A node function returns nexts for the items that it received, or
 * sends them by a sender (sender.h), and never writes those; writers are for polls, and for nodes
 * that replicate, create or let go items. What is written counts as `created`, at an input as
 * brought. The structs are visible for the inlines' sake: their fields are the library's.
 */
#ifndef GYRE_NODE_H
#define GYRE_NODE_H

#include <assert.h>
#include <gyre/graph.h>
#include <string.h>

GYRE_BEGIN_DECLS

#define gyre_likely(x)   __builtin_expect(!!(x), 1)
#define gyre_unlikely(x) __builtin_expect(!!(x), 0)

/* How many items ahead gyre_prefetch_ahead() looks. */
#define GYRE_PREFETCH_AHEAD 4

struct gyre__graph;
struct gyre__late;
struct gyre__node;

/* Of two generations of items: the one that is being dispatched, and the one after it, which
 * crossed a back edge. */
enum gyre__when { GYRE__NOW, GYRE__LATER };

/* Room for a vector of items on its way, and some slots behind it, so that whole registers can be
 * stored there. */
struct gyre_frame {
	struct gyre_frame *next; /* behind it in the inbox; itself where it is alone */
	void *items[1]; /* and so many more */
};

/* What all nodes of a loop share while a sweep runs. */
struct gyre_sweep {
	uint32_t generation; /* back edges crossed since the sweep began */
	uint32_t vector;
	uint64_t *pending; /* which words have nodes with items; the words, by rank */
	struct gyre_frame *open; /* reserved, to be copied by the commit; NULL as a rule */
	uint64_t sent; /* by a sender: the nodes that have items, by rank */
	struct gyre__late *late;
	struct gyre_loop *loop;
	uint64_t reserved[2];
};

/* Sends each of n items where the loop's nexts[] say; returns the nodes of the word that is being
 * dispatched that have items by that. */
typedef uint64_t gyre__send_fn(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n);

/* An instance. First line: what others touch to lead items here, the dispatcher to call it, and a
 * sender, or a vector that goes whole, to go on. Second line: what is counted, and the rest. */
struct gyre_node {
	union {
		gyre_node_fn *process;
		gyre_poll_fn *poll;
	} fn;
	struct gyre_node *const *nexts; /* its nexts, resolved; maybe other nodes', too */
	uint64_t bit; /* of its rank in a word of the set of pending nodes */
	struct gyre_sweep *sweep;
	struct gyre_node *after; /* what runs after it, where that is foreseen; or NULL */
	uint16_t waiting[2]; /* in the newest frame of each inbox */
	uint16_t n_nexts; /* 0 until the graph is built */
	uint16_t n_near; /* n_nexts, if none leads back or far away; or 0 */
	uint16_t rank;
	uint16_t near; /* where its nexts are in the set of pending nodes, by build.c; or FAR */
	uint16_t ways; /* n_nexts, if they are few and each another node; or 0 */
	uint8_t mixed; /* vectors until one is asked again whether all its items go to one next */
	uint8_t sure; /* how often in a row the same node ran after it */
	/* What waits, in this generation and, on the next line, for the next one: the newest frame,
	 * whose next is the oldest; those but the newest are full. There is always one once it is
	 * built. */
	struct gyre_frame *inbox[2];

	gyre__send_fn *send; /* by its nexts and the CPU */
	struct gyre__node *cold;
	uint64_t calls, items, kept, created; /* one writer, relaxed stores */
	uint32_t reserved;
	uint16_t floor; /* nexts of lower rank are led back to: their items are the next
			   generation's */
	uint16_t n_direct; /* nexts up to the first one that leads back; 0 while a reservation is
			      in no next's frame */
	/* The instance's data begin here. */
} __attribute__((aligned(64)));

static_assert(sizeof(struct gyre_sweep) == 64, "the sweep is one cache line");
static_assert(sizeof(struct gyre_node) == 128, "a node is two cache lines");
static_assert(offsetof(struct gyre_node, inbox[1]) == 64, "its second line begins there");

/* The layouts and protocols of this header, as a symbol: another library's fails to link. */
GYRE_API extern const char gyre_abi_0;
static const char *const gyre__abi __attribute__((used)) = &gyre_abi_0;

/* The instance's data: zeroed when it was added, aligned to a cache line. */
GYRE_API inline void *gyre_node_data(const struct gyre_node *node)
{
	return (void *)(node + 1);
}

GYRE_API inline struct gyre_loop *gyre_node_loop(const struct gyre_node *node)
{
	return node->sweep->loop;
}

/* The turn's time, nsec. */
GYRE_API inline uint64_t gyre_node_now(const struct gyre_node *node)
{
	return *(const uint64_t *)node->sweep->loop; /* its first field */
}

/* --- Writers: an index that is no next of the node drops the items as "bad-next" --- */

/* Writers' unlikely cases. */
GYRE_API void **gyre__next_reserve(struct gyre_node *node, unsigned n);
GYRE_API void gyre__next_commit(struct gyre_node *node, gyre_next next, unsigned m);
GYRE_API void gyre__next_put(
	struct gyre_node *node, gyre_next next, void *const *items, unsigned n);

/* Whether n items fit straight into a next's frame. */
GYRE_API inline bool gyre__next_fits(const struct gyre_node *node, gyre_next next, unsigned n)
{
	const struct gyre_sweep *sweep = node->sweep;

	return gyre_likely(next < node->n_direct) &&
	       gyre_likely(n + node->nexts[next]->waiting[GYRE__NOW] <= sweep->vector);
}

/* m items, 0 too, were written there. */
GYRE_API inline void gyre__next_add(struct gyre_node *node, gyre_next next, unsigned m)
{
	struct gyre_node *to = node->nexts[next];
	uint64_t *pending = node->sweep->pending;
	const size_t word = to->rank / 64;

	if (!m)
		return;
	to->waiting[GYRE__NOW] += m;
	pending[0] |= UINT64_C(1) << word;
	pending[1 + word] |= to->bit;
	__atomic_store_n(&node->created, node->created + m, __ATOMIC_RELAXED);
}

GYRE_API inline void **gyre__next_place(const struct gyre_node *node, gyre_next next)
{
	const struct gyre_node *to = node->nexts[next];

	return to->inbox[GYRE__NOW]->items + to->waiting[GYRE__NOW];
}

/* n contiguous places, 1 <= n <= the loop's vector, for items on their way to a next: in its frame,
 * so that a driver's burst is not copied. They last until the commit of the first m <= n of them,
 * 0 too, which must come before the node's next reservation or put. */
GYRE_API inline void **gyre_next_reserve(struct gyre_node *node, gyre_next next, unsigned n)
{
	return gyre__next_fits(node, next, n) ? gyre__next_place(node, next)
					      : gyre__next_reserve(node, n);
}

GYRE_API inline void gyre_next_commit(struct gyre_node *node, gyre_next next, unsigned m)
{
	if (gyre_likely(next < node->n_direct))
		gyre__next_add(node, next, m);
	else
		gyre__next_commit(node, next, m);
}

/* Sends n items, any number, to a next. */
GYRE_API inline void gyre_next_put(
	struct gyre_node *node, gyre_next next, void *const *items, unsigned n)
{
	if (gyre_unlikely(!gyre__next_fits(node, next, n))) {
		gyre__next_put(node, next, items, n);
		return;
	}
	memcpy(gyre__next_place(node, next), items, n * sizeof(*items));
	gyre__next_add(node, next, n);
}

GYRE_API inline void gyre_next_put_1(struct gyre_node *node, gyre_next next, void *item)
{
	gyre_next_put(node, next, &item, 1);
}

GYRE_API inline void gyre_next_put_2(
	struct gyre_node *node, gyre_next next, void *item0, void *item1)
{
	void *const items[] = {item0, item1};

	gyre_next_put(node, next, items, 2);
}

GYRE_API inline void gyre_next_put_4(
	struct gyre_node *node, gyre_next next, void *item0, void *item1, void *item2, void *item3)
{
	void *const items[] = {item0, item1, item2, item3};

	gyre_next_put(node, next, items, 4);
}

/* --- Ends and copies --- */

/* Drops n items that the node owns beside the vector that it was called with (those it brings,
 * creates or kept): released and counted under one of its reasons, and as created. */
GYRE_API void gyre_node_drop(
	struct gyre_node *node, unsigned reason, void *const *items, unsigned n);
/* Adds n to a reason's counter, nothing else. */
GYRE_API void gyre_node_count(struct gyre_node *node, unsigned reason, uint64_t n);
/* Another reference or copy of an item by the loop's item operations, the node's own; NULL when
 * there is no memory or no such operation. The class declares its fan_out. */
GYRE_API void *gyre_node_clone(struct gyre_node *node, void *item);

/* --- Prefetching --- */

GYRE_API inline void gyre_prefetch(const void *address)
{
	__builtin_prefetch(address, 0, 3);
}

GYRE_API inline void gyre_prefetch_write(const void *address)
{
	__builtin_prefetch(address, 1, 3);
}

/* In a loop over a vector, at item i of n: prefetches the first line of an item some places
 * further. */
GYRE_API inline void gyre_prefetch_ahead(void *const *items, unsigned i, unsigned n)
{
	if (i + GYRE_PREFETCH_AHEAD < n)
		gyre_prefetch(items[i + GYRE_PREFETCH_AHEAD]);
}

GYRE_END_DECLS

#endif
