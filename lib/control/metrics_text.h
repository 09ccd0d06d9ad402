/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_METRICS_TEXT_H
#define GYRE_LIB_CONTROL_METRICS_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The two text formats of metrics. They differ in that OpenMetrics names a counter's family without
 * its _total, has units and a type for information, and ends with a mark. */
enum gyre__metrics_format {
	GYRE__METRICS_TEXT, /* Prometheus text 0.0.4 */
	GYRE__METRICS_OPENMETRICS, /* OpenMetrics 1.0.0 */
};

enum gyre__metric_type {
	GYRE__METRIC_COUNTER,
	GYRE__METRIC_GAUGE,
	GYRE__METRIC_HISTOGRAM,
	GYRE__METRIC_INFO,
};

/* A family of metrics, "gyre_node_calls": the suffix that its type asks for is added. */
struct gyre__metric {
	const char *name;
	enum gyre__metric_type type;
	const char *help; /* one line without backslashes and quotes */
};

struct gyre__label {
	const char *name, *value; /* any text; what is no UTF-8 is shown as '?' */
};

struct gyre__metrics_text {
	FILE *file; /* errors show when it is closed */
	enum gyre__metrics_format format;
};

/* Begins a family: all its samples follow, and nothing else before the next family. */
void gyre__metrics_family(const struct gyre__metrics_text *text, const struct gyre__metric *metric);
/* Begins a sample's line, up to its value; `suffix` is "" or a histogram's "_bucket". */
void gyre__metrics_sample(const struct gyre__metrics_text *text, const struct gyre__metric *metric,
	const char *suffix, const struct gyre__label *labels, unsigned n_labels);
/* Ends it. Nanoseconds are written as seconds, exactly. */
void gyre__metrics_count(const struct gyre__metrics_text *text, uint64_t value);
void gyre__metrics_nsec(const struct gyre__metrics_text *text, uint64_t nsec);
/* Ends the whole. */
void gyre__metrics_end(const struct gyre__metrics_text *text);

#endif
