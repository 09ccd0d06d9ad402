/* SPDX-License-Identifier: Apache-2.0 */
/* The order of dispatch, computed on plain numbers. */
#ifndef GYRE_LIB_GRAPH_ORDER_H
#define GYRE_LIB_GRAPH_ORDER_H

#include <stdbool.h>
#include <stdint.h>

/* Nodes are 0 to n - 1; node i leads to to[first[i]] up to to[first[i + 1] - 1]. The arrays are the
 * caller's. An edge is a back edge when rank[target] <= rank[source]. */
struct gyre__order {
	unsigned n; /* at most 65535 */
	const uint32_t *first; /* n + 1 of them */
	const uint16_t *to;
	const uint32_t *fan_out; /* by node, >= 1 */
	const bool *fed; /* by node: something outside leads to it */

	uint16_t *ret_rank; /* by node */
	uint16_t *
		ret_component; /* by node: its cycle's number; a sink's is less than its source's */
	uint64_t *ret_product; /* by node: most items that one item there can become */
	unsigned ret_bad; /* with -ELOOP */
};

/* Products end here: far above what memory holds, and far from overflow. */
#define GYRE__PRODUCT_MAX (UINT64_C(1) << 32)

/* Returns 0; -ENOMEM; -ELOOP: ret_bad lies on a cycle and has a fan_out above 1. */
int gyre__order(struct gyre__order *order);

#endif
