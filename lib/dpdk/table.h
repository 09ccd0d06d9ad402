/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_DPDK_TABLE_H
#define GYRE_LIB_DPDK_TABLE_H

#include <gyre/snapshot.h>
#include <rte_telemetry.h>

#define GYRE__PAGE_ROWS     25
#define GYRE__TABLE_TEXTS   4
#define GYRE__TABLE_NUMBERS 12

/* One line of a table: its texts, then its numbers, in the order of the table's columns. */
struct gyre__row {
	const char *texts[GYRE__TABLE_TEXTS];
	uint64_t numbers[GYRE__TABLE_NUMBERS];
};

/* What a snapshot shows as rows. */
struct gyre__table {
	const char *texts[GYRE__TABLE_TEXTS]; /* columns; NULL ends them */
	const char *numbers[GYRE__TABLE_NUMBERS];
	unsigned (*count)(const struct gyre_snapshot *snapshot);
	/* The texts are the snapshot's, or static. */
	void (*fill)(const struct gyre_snapshot *snapshot, unsigned i, struct gyre__row *ret_row);
};

extern const struct gyre__table gyre__table_runtime, gyre__table_processes, gyre__table_errors,
	gyre__table_links;
/* Its rows are not one snapshot's: only columns. */
extern const struct gyre__table gyre__table_loops;

/* A row of it; NULL: the loop did not answer. */
void gyre__table_loop(
	const char *name, const struct gyre_snapshot *snapshot, struct gyre__row *ret_row);

/* Adds each column to a dictionary as an array of at most GYRE__PAGE_ROWS. Errors: -ENOMEM. */
int gyre__table_write(struct rte_tel_data *info, const struct gyre__table *table,
	const struct gyre__row *rows, unsigned n);
/* Adds a text to a dictionary as telemetry can show it. */
void gyre__table_text(struct rte_tel_data *info, const char *key, const char *text);

#endif
