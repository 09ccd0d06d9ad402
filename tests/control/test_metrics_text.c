/* SPDX-License-Identifier: Apache-2.0 */
/* The two text formats: families, samples, labels, values. */
#include <stdlib.h>
#include <string.h>

#include "control/metrics_text.h"
#include "harness.h"

static char *memory;
static size_t size;

static struct gyre__metrics_text begin(enum gyre__metrics_format format)
{
	return (struct gyre__metrics_text){open_memstream(&memory, &size), format};
}

static void expect(const struct gyre__metrics_text *text, const char *wanted)
{
	fclose(text->file);
	ck_assert_str_eq(memory, wanted);
	free(memory);
}

static const struct gyre__metric turns = {"gyre_turns", GYRE__METRIC_COUNTER, "Turns."};
static const struct gyre__metric bytes = {"gyre_stack_bytes", GYRE__METRIC_GAUGE, "Stack."};
static const struct gyre__metric late = {"gyre_late_seconds", GYRE__METRIC_HISTOGRAM, "Late."};
static const struct gyre__metric build = {"gyre_build", GYRE__METRIC_INFO, "Build."};

START_TEST(families_of_prometheus_have_the_samples_name)
{
	struct gyre__metrics_text text = begin(GYRE__METRICS_TEXT);

	gyre__metrics_family(&text, &turns);
	gyre__metrics_family(&text, &bytes);
	gyre__metrics_family(&text, &late);
	gyre__metrics_family(&text, &build);
	gyre__metrics_end(&text);
	expect(&text, "# HELP gyre_turns_total Turns.\n# TYPE gyre_turns_total counter\n"
		      "# HELP gyre_stack_bytes Stack.\n# TYPE gyre_stack_bytes gauge\n"
		      "# HELP gyre_late_seconds Late.\n# TYPE gyre_late_seconds histogram\n"
		      "# HELP gyre_build_info Build.\n# TYPE gyre_build_info gauge\n");
}
END_TEST

START_TEST(families_of_openmetrics_have_none)
{
	struct gyre__metrics_text text = begin(GYRE__METRICS_OPENMETRICS);

	gyre__metrics_family(&text, &turns);
	gyre__metrics_family(&text, &bytes);
	gyre__metrics_family(&text, &late);
	gyre__metrics_family(&text, &build);
	gyre__metrics_end(&text);
	expect(&text, "# HELP gyre_turns Turns.\n# TYPE gyre_turns counter\n"
		      "# HELP gyre_stack_bytes Stack.\n# TYPE gyre_stack_bytes gauge\n"
		      "# UNIT gyre_stack_bytes bytes\n"
		      "# HELP gyre_late_seconds Late.\n# TYPE gyre_late_seconds histogram\n"
		      "# UNIT gyre_late_seconds seconds\n"
		      "# HELP gyre_build Build.\n# TYPE gyre_build info\n"
		      "# EOF\n");
}
END_TEST

START_TEST(samples_are_named_alike_in_both)
{
	struct gyre__label labels[] = {{"loop", "main"}, {"le", "+Inf"}};

	for (int format = GYRE__METRICS_TEXT; format <= GYRE__METRICS_OPENMETRICS; format++) {
		struct gyre__metrics_text text = begin((enum gyre__metrics_format)format);

		gyre__metrics_sample(&text, &turns, "", labels, 1);
		gyre__metrics_count(&text, UINT64_MAX);
		gyre__metrics_sample(&text, &late, "_bucket", labels, 2);
		gyre__metrics_count(&text, 0);
		gyre__metrics_sample(&text, &build, "", NULL, 0);
		gyre__metrics_count(&text, 1);
		expect(&text, "gyre_turns_total{loop=\"main\"} 18446744073709551615\n"
			      "gyre_late_seconds_bucket{loop=\"main\",le=\"+Inf\"} 0\n"
			      "gyre_build_info 1\n");
	}
}
END_TEST

START_TEST(nanoseconds_are_seconds_exactly)
{
	struct gyre__metrics_text text = begin(GYRE__METRICS_TEXT);

	gyre__metrics_nsec(&text, 0);
	gyre__metrics_nsec(&text, 1);
	gyre__metrics_nsec(&text, 1500000000);
	gyre__metrics_nsec(&text, UINT64_MAX);
	expect(&text, "0.000000000\n0.000000001\n1.500000000\n18446744073.709551615\n");
}
END_TEST

static const char *const values[][2] = {
	{"", ""},
	{"rx-0", "rx-0"},
	{"a\"b\\c\nd", "a\\\"b\\\\c\\nd"},
	{"gr\xc3\xbc\xc3\x9f \xe2\x9c\x93 \xf0\x9f\x90\x88",
		"gr\xc3\xbc\xc3\x9f \xe2\x9c\x93 \xf0\x9f\x90\x88"},
	{"\t{}=,#", "\t{}=,#"},
	/* Latin 1; cut short; overlong; a surrogate: what scrapers refuse. */
	{"gr\xfc\xdf", "gr??"},
	{"a\xe2\x9c", "a??"},
	{"\xc0\x80\"", "??\\\""},
	{"\xed\xa0\x80", "???"},
};

START_TEST(label_values_are_escaped)
{
	struct gyre__metrics_text text = begin(GYRE__METRICS_TEXT);
	struct gyre__label label = {"node", values[_i][0]};
	char wanted[100];

	gyre__metrics_sample(&text, &bytes, "", &label, 1);
	gyre__metrics_count(&text, 1);
	snprintf(wanted, sizeof(wanted), "gyre_stack_bytes{node=\"%s\"} 1\n", values[_i][1]);
	expect(&text, wanted);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("metrics_text");
	TCase *tcase = tcase_create("metrics_text");

	tcase_add_test(tcase, families_of_prometheus_have_the_samples_name);
	tcase_add_test(tcase, families_of_openmetrics_have_none);
	tcase_add_test(tcase, samples_are_named_alike_in_both);
	tcase_add_test(tcase, nanoseconds_are_seconds_exactly);
	tcase_add_loop_test(tcase, label_values_are_escaped, 0, sizeof(values) / sizeof(*values));
	suite_add_tcase(suite, tcase);
	return suite;
}
