/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text formats of metrics: families, samples, labels, values. Owns nothing, knows nothing of
 * loops. Called by metrics.c; calls stdio, whose errors show when the caller closes the stream, and
 * jansson to tell UTF-8. Invariant: whatever the names of nodes and processes hold, the text stays
 * well-formed: a scraper rejects a whole page for one bad byte.
 */
#include "control/metrics_text.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

/* Text 0.0.4 has no type for information: there it is a gauge. */
static const char *type_name(const struct gyre__metrics_text *text, enum gyre__metric_type type)
{
	static const char names[][10] = {
		[GYRE__METRIC_COUNTER] = "counter",
		[GYRE__METRIC_GAUGE] = "gauge",
		[GYRE__METRIC_HISTOGRAM] = "histogram",
		[GYRE__METRIC_INFO] = "info",
	};

	if (type == GYRE__METRIC_INFO && text->format == GYRE__METRICS_TEXT)
		return names[GYRE__METRIC_GAUGE];
	return names[type];
}

static const char *type_suffix(enum gyre__metric_type type)
{
	if (type == GYRE__METRIC_COUNTER)
		return "_total";
	return type == GYRE__METRIC_INFO ? "_info" : "";
}

static void write_unit(const struct gyre__metrics_text *text, const char *name)
{
	const char *unit = strrchr(name, '_') + 1;

	if (!strcmp(unit, "seconds") || !strcmp(unit, "bytes"))
		fprintf(text->file, "# UNIT %s %s\n", name, unit);
}

void gyre__metrics_family(const struct gyre__metrics_text *text, const struct gyre__metric *metric)
{
	bool open = text->format == GYRE__METRICS_OPENMETRICS;
	const char *suffix = open ? "" : type_suffix(metric->type);

	fprintf(text->file, "# HELP %s%s %s\n", metric->name, suffix, metric->help);
	fprintf(text->file, "# TYPE %s%s %s\n", metric->name, suffix,
		type_name(text, metric->type));
	if (open)
		write_unit(text, metric->name);
}

static bool is_ascii(const char *value)
{
	for (; *value; value++)
		if (*value & 0x80)
			return false;
	return true;
}

/* jansson makes strings of UTF-8 only. */
static bool is_utf8(const char *value)
{
	json_t *string;

	if (is_ascii(value))
		return true;
	string = json_string(value);
	json_decref(string);
	return string != NULL;
}

static void write_value(FILE *file, const char *value)
{
	bool utf8 = is_utf8(value);

	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", file);
		else if (*value == '\\' || *value == '"')
			fprintf(file, "\\%c", *value);
		else
			putc((*value & 0x80) && !utf8 ? '?' : *value, file);
	}
}

void gyre__metrics_sample(const struct gyre__metrics_text *text, const struct gyre__metric *metric,
	const char *suffix, const struct gyre__label *labels, unsigned n_labels)
{
	FILE *file = text->file;

	fprintf(file, "%s%s%s", metric->name, type_suffix(metric->type), suffix);
	for (unsigned i = 0; i < n_labels; i++) {
		fprintf(file, "%c%s=\"", i ? ',' : '{', labels[i].name);
		write_value(file, labels[i].value);
		putc('"', file);
	}
	fputs(n_labels ? "} " : " ", file);
}

void gyre__metrics_count(const struct gyre__metrics_text *text, uint64_t value)
{
	fprintf(text->file, "%" PRIu64 "\n", value);
}

void gyre__metrics_nsec(const struct gyre__metrics_text *text, uint64_t nsec)
{
	fprintf(text->file, "%" PRIu64 ".%09" PRIu64 "\n", nsec / 1000000000, nsec % 1000000000);
}

void gyre__metrics_end(const struct gyre__metrics_text *text)
{
	if (text->format == GYRE__METRICS_OPENMETRICS)
		fputs("# EOF\n", text->file);
}
