/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of readings that were made by hand: exact lines, in both formats. */
#include <stdlib.h>
#include <string.h>

#include "control/metrics.h"
#include "control/request.h"
#include "harness.h"

static const struct gyre_reason reasons[] = {
	{"ttl-expired", GYRE_SEVERITY_INFO},
	{"disabled", GYRE_SEVERITY_WARNING},
	{"bad \"x\"", GYRE_SEVERITY_ERROR},
};
static const uint64_t drops[] = {5, 0, 7};
static struct gyre_node_stats nodes[] = {
	{.name = "rx-0", .calls = 10, .items = 640, .created = 640},
	{.name = "ip4",
		.disabled = true,
		.calls = 4,
		.items = 640,
		.dropped = 12,
		.punted = 1,
		.kept = 2,
		.n_reasons = 3,
		.reasons = reasons,
		.drops = drops,
		.sampled_calls = 2,
		.sampled_items = 320,
		.sampled_clocks = 1500000001,
		.longest_clocks = 999},
};
static struct gyre_process_stats processes[] = {
	{.name = "bfd",
		.id = {.index = 3, .generation = 9},
		.runs = 100,
		.run_nsec = 2000000000,
		.longest_nsec = 70000,
		.events_coalesced = 4,
		.late_count = 15,
		.late_max = 5000000000,
		.late_nsec = 40000000002,
		/* 0 and 1 ns; 256 to 511 ns; 512 ns to 1 us; above 2 s. */
		.late = {[0] = 1, [8] = 2, [9] = 4, [31] = 8},
		.stack_size = 65536,
		.stack_used = 4096},
	{.name = "bfd", .id = {.index = 4, .generation = 1}, .late = {[30] = 1}},
};
static struct gyre_link_state links[] = {
	{.name = "uplink", .up = true, .changed = 3000000000, .changes = 2},
	{.name = "backup"},
};
static const struct gyre_snapshot snapshot = {
	.loop = "main",
	.now = 12345678901,
	.taken_nsec = 1000,
	.stats = {.turns = 1000,
		.idle_turns = 900,
		.sleeps = 800,
		.posts = 7,
		.timers = 6,
		.resumes = 5,
		.inject_dropped = 4,
		.involuntary_switches = 3},
	.vector = 64,
	.frames = 128,
	.frames_free = 127,
	.inject_waiting = 9,
	.n_nodes = 2,
	.nodes = nodes,
	.n_processes = 2,
	.processes = processes,
	.n_links = 2,
	.links = links,
};
static const struct gyre_snapshot empty = {.loop = "empty"};
static const struct gyre__reading full_reading = {"main", &snapshot};
static const struct gyre__reading empty_reading = {"empty", &empty};
static const struct gyre__reading lost_reading = {"lost", NULL};
static const struct gyre__reading *const readings[] = {
	&full_reading, &empty_reading, &lost_reading};
static const struct gyre__http_counts http = {
	.requests = 11, .connections = 2, .rejected = {[GYRE__HTTP_REJECT_HOST] = 1}};
static const struct gyre__metrics_source source = {readings, 3, &http};

static char *text;

static void write_metrics(enum gyre__metrics_format format)
{
	size_t size;

	ck_assert_int_eq(gyre__metrics_write(&source, format, &text, &size), 0);
	ck_assert_uint_eq(size, strlen(text));
}

static void setup(void)
{
	write_metrics(GYRE__METRICS_TEXT);
}

static void setup_open(void)
{
	write_metrics(GYRE__METRICS_OPENMETRICS);
}

static void teardown(void)
{
	free(text);
}

/* How many lines are just this one, or begin with it if it ends with '*'. */
static unsigned count(const char *line)
{
	size_t length = strcspn(line, "*");
	unsigned n = 0;

	for (const char *at = text; *at; at = strchr(at, '\n') + 1)
		n += !strncmp(at, line, length) && (line[length] == '*' || at[length] == '\n');
	return n;
}

static const char *const lines[] = {
	"gyre_build_info{version=\"0.1.0\"} 1",
	"gyre_loop_up{loop=\"main\"} 1",
	"gyre_loop_up{loop=\"empty\"} 1",
	"gyre_loop_up{loop=\"lost\"} 0",
	"gyre_loop_turns_total{loop=\"main\"} 1000",
	"gyre_loop_turns_total{loop=\"empty\"} 0",
	"gyre_loop_idle_turns_total{loop=\"main\"} 900",
	"gyre_loop_sleeps_total{loop=\"main\"} 800",
	"gyre_loop_posts_total{loop=\"main\"} 7",
	"gyre_loop_timers_total{loop=\"main\"} 6",
	"gyre_loop_resumes_total{loop=\"main\"} 5",
	"gyre_loop_inject_dropped_total{loop=\"main\"} 4",
	"gyre_loop_involuntary_switches_total{loop=\"main\"} 3",
	"gyre_loop_inject_waiting{loop=\"main\"} 9",
	"gyre_loop_vector{loop=\"main\"} 64",
	"gyre_loop_frames{loop=\"main\"} 128",
	"gyre_loop_frames_free{loop=\"main\"} 127",
	"gyre_loop_nodes{loop=\"main\"} 2",
	"gyre_loop_processes{loop=\"main\"} 2",
	"gyre_loop_clock_seconds{loop=\"main\"} 12.345678901",
	"gyre_loop_reading_seconds{loop=\"main\"} 0.000001000",
	"gyre_node_calls_total{loop=\"main\",node=\"rx-0\"} 10",
	"gyre_node_calls_total{loop=\"main\",node=\"ip4\"} 4",
	"gyre_node_vectors_total{loop=\"main\",node=\"ip4\"} 640",
	"gyre_node_dropped_total{loop=\"main\",node=\"ip4\"} 12",
	"gyre_node_punted_total{loop=\"main\",node=\"ip4\"} 1",
	"gyre_node_kept_total{loop=\"main\",node=\"ip4\"} 2",
	"gyre_node_created_total{loop=\"main\",node=\"rx-0\"} 640",
	"gyre_node_sampled_seconds_total{loop=\"main\",node=\"ip4\"} 1.500000001",
	"gyre_node_sampled_calls_total{loop=\"main\",node=\"ip4\"} 2",
	"gyre_node_sampled_vectors_total{loop=\"main\",node=\"ip4\"} 320",
	"gyre_node_longest_call_seconds{loop=\"main\",node=\"ip4\"} 0.000000999",
	"gyre_node_disabled{loop=\"main\",node=\"rx-0\"} 0",
	"gyre_node_disabled{loop=\"main\",node=\"ip4\"} 1",
	"gyre_node_drops_total{loop=\"main\",node=\"ip4\",reason=\"ttl-expired\",severity=\"info\"}"
	" 5",
	"gyre_node_drops_total{loop=\"main\",node=\"ip4\",reason=\"disabled\",severity=\"warning\"}"
	" 0",
	"gyre_node_drops_total{loop=\"main\",node=\"ip4\",reason=\"bad "
	"\\\"x\\\"\",severity=\"error\"} 7",
	"gyre_process_runs_total{loop=\"main\",process=\"bfd\",id=\"3.9\"} 100",
	"gyre_process_runs_total{loop=\"main\",process=\"bfd\",id=\"4.1\"} 0",
	"gyre_process_run_seconds_total{loop=\"main\",process=\"bfd\",id=\"3.9\"} 2.000000000",
	"gyre_process_longest_run_seconds{loop=\"main\",process=\"bfd\",id=\"3.9\"} 0.000070000",
	"gyre_process_events_coalesced_total{loop=\"main\",process=\"bfd\",id=\"3.9\"} 4",
	"gyre_process_lateness_max_seconds{loop=\"main\",process=\"bfd\",id=\"3.9\"} 5.000000000",
	"gyre_process_stack_bytes{loop=\"main\",process=\"bfd\",id=\"3.9\"} 65536",
	"gyre_process_stack_used_bytes{loop=\"main\",process=\"bfd\",id=\"3.9\"} 4096",
	"gyre_link_up{loop=\"main\",link=\"uplink\"} 1",
	"gyre_link_up{loop=\"main\",link=\"backup\"} 0",
	"gyre_link_changes_total{loop=\"main\",link=\"uplink\"} 2",
	"gyre_link_changed_seconds{loop=\"main\",link=\"uplink\"} 3.000000000",
	"gyre_control_http_connections 2",
	"gyre_control_http_requests_total 11",
	"gyre_control_http_rejected_total{reason=\"host\"} 1",
	"gyre_control_http_rejected_total{reason=\"limit\"} 0",
};

START_TEST(each_number_has_its_line)
{
	ck_assert_msg(
		count(lines[_i]) == 1, "%s: %u times in\n%s", lines[_i], count(lines[_i]), text);
}
END_TEST

#define BFD "gyre_process_lateness_seconds_bucket{loop=\"main\",process=\"bfd\",id=\"3.9\",le=\""

START_TEST(lateness_is_a_histogram)
{
	ck_assert_uint_eq(count(BFD "0.000000511\"} 3"), 1);
	ck_assert_uint_eq(count(BFD "0.000001023\"} 7"), 1);
	ck_assert_uint_eq(count(BFD "0.000002047\"} 7"), 1);
	ck_assert_uint_eq(count(BFD "2.147483647\"} 7"), 1);
	ck_assert_uint_eq(count(BFD "+Inf\"} 15"), 1);
	ck_assert_uint_eq(count(BFD "*"), 24);
	ck_assert_uint_eq(
		count("gyre_process_lateness_seconds_bucket{loop=\"main\",process=\"bfd\","
		      "id=\"4.1\",le=\"1.073741823\"} 0"),
		1);
	ck_assert_uint_eq(
		count("gyre_process_lateness_seconds_bucket{loop=\"main\",process=\"bfd\","
		      "id=\"4.1\",le=\"2.147483647\"} 1"),
		1);
}
END_TEST

#define OF_BFD "{loop=\"main\",process=\"bfd\",id=\"3.9\"}"

START_TEST(lateness_has_a_sum_and_a_count)
{
	ck_assert_uint_eq(count("gyre_process_lateness_seconds_count" OF_BFD " 15"), 1);
	ck_assert_uint_eq(count("gyre_process_lateness_seconds_sum" OF_BFD " 40.000000002"), 1);
}
END_TEST

START_TEST(only_openmetrics_ends)
{
	ck_assert_uint_eq(count("# EOF"), 0);
	ck_assert_uint_eq(count("# TYPE gyre_node_calls_total counter"), 1);
	ck_assert_uint_eq(count("# TYPE gyre_build_info gauge"), 1);
}
END_TEST

START_TEST(openmetrics_ends)
{
	ck_assert_uint_eq(count("# EOF"), 1);
	ck_assert_str_eq(strstr(text, "# EOF"), "# EOF\n");
	ck_assert_uint_eq(count("# TYPE gyre_node_calls counter"), 1);
	ck_assert_uint_eq(count("# TYPE gyre_build info"), 1);
}
END_TEST

/* The samples of a family stand together, and none comes twice: scrapers refuse either. */
START_TEST(no_sample_comes_twice)
{
	const char *at = text;

	while (*at) {
		const char *end = strchr(at, '\n');
		char *key = strndup(at, (size_t)(end - at));

		if (*key != '#') /* name{labels}, without the value */
			strcpy(strrchr(key, ' '), " *");
		ck_assert_msg(count(key) == 1, "%s", key);
		free(key);
		at = end + 1;
	}
}
END_TEST

START_TEST(a_loop_that_did_not_answer_is_in_no_other_family)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, "\"lost\"")); at++)
		n++;
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(no_loop_at_all)
{
	struct gyre__metrics_source none = {NULL, 0, &http};
	size_t size;
	char *alone;

	ck_assert_int_eq(gyre__metrics_write(&none, GYRE__METRICS_TEXT, &alone, &size), 0);
	ck_assert_ptr_nonnull(strstr(alone, "gyre_build_info"));
	ck_assert_ptr_null(strstr(alone, "loop="));
	free(alone);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, each_number_has_its_line, 0, sizeof(lines) / sizeof(*lines));
	tcase_add_test(tcase, lateness_is_a_histogram);
	tcase_add_test(tcase, lateness_has_a_sum_and_a_count);
	tcase_add_test(tcase, no_sample_comes_twice);
	tcase_add_test(tcase, a_loop_that_did_not_answer_is_in_no_other_family);
}

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("metrics");
	TCase *plain = tcase_create("text"), *open = tcase_create("openmetrics");

	tcase_add_checked_fixture(plain, setup, teardown);
	tcase_add_checked_fixture(open, setup_open, teardown);
	add_tests(plain);
	tcase_add_test(plain, only_openmetrics_ends);
	tcase_add_test(plain, no_loop_at_all);
	add_tests(open);
	tcase_add_test(open, openmetrics_ends);
	suite_add_tcase(suite, plain);
	suite_add_tcase(suite, open);
	return suite;
}
