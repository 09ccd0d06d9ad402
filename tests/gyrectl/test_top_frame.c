/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of top: all sections, screens of any height, scrolling, hostile names. */
#include "canned.h"
#include "gyrectl/top.h"
#include "harness.h"

#include <locale.h>
#include <string.h>

static struct top_reading reading;
static struct top_look look;

/* A list of `count` objects, each '%d' the element's number. */
static json_t *list(const char *name, const char *element, int count)
{
	json_t *array = json_array(), *result;

	for (int i = 0; i < count; i++) {
		char text[512];

		snprintf(text, sizeof(text), element, i, i);
		json_array_append_new(array, canned_json(text));
	}
	result = json_pack(
		"{s:s, s:I, s:o}", "loop", "data", "now_nsec", (json_int_t)5000000000, name, array);
	ck_assert_ptr_nonnull(result);
	return result;
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	reading.results[TOP_LOOPS] = canned_json("{'loops':[{'name':'data','frames':256,"
						 "'frames_free':250,'involuntary_switches':3}]}");
	reading.results[TOP_RUNTIME] =
		list("nodes", "{'name':'node-%d','kind':'internal','state':'active'}", 20);
	reading.results[TOP_PROCESSES] = list("processes",
		"{'name':'process-%d','id':'%d.1','state':'sleeping','late':{'p50_nsec':2048,"
		"'p99_nsec':16384,'max_nsec':90000},'stack':{'size':65536,'used':8192}}",
		10);
	reading.results[TOP_LINKS] = list(
		"links", "{'name':'link-%d','up':false,'changed_nsec':1000000000,'changes':%d}", 5);
	reading.results[TOP_ERRORS] = list("errors",
		"{'node':'drop-%d','reason':'reason-%d','severity':'warning','count':7}", 6);
	reading.results[TOP_VERSION] =
		canned_json("{'program':'gateway','pid':4711,'uptime_nsec':81000000000}");
	look = (struct top_look){.loop = "data", .interval_nsec = 1000000000};
}

static void tear_down(void)
{
	top_reading_fini(&reading);
}

static const char *frame(unsigned rows)
{
	struct top_reading none = {{NULL}};
	struct top_model model;
	struct page page = {0};

	look.rows = rows;
	top_model_init(&model, &reading, &none);
	top_frame(&page, &model, &look);
	top_model_fini(&model);
	return canned_text(&page);
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	while ((text = strstr(text, what)) != NULL) {
		n++;
		text++;
	}
	return n;
}

START_TEST(without_a_height_all_is_shown)
{
	const char *text = frame(0);

	ck_assert_msg(strncmp(text, "gateway (4711), loop data, up 1m21s, ", 37) == 0, "%s", text);
	ck_assert_ptr_nonnull(strstr(text, "frames free 250/256  involuntary switches 3\n"));
	ck_assert_uint_eq(count(text, "\nnode-"), 20);
	ck_assert_uint_eq(count(text, "\nprocess-"), 10);
	ck_assert_uint_eq(count(text, "\nlink-"), 5);
	ck_assert_uint_eq(count(text, " reason-"), 6);
	ck_assert_ptr_null(strstr(text, "q quit"));
	ck_assert_ptr_nonnull(strstr(text,
		"\nprocess-3                 sleeping        0    0.00%    2.05us   16.4us   "
		"90.0us       8K\n"));
	ck_assert_ptr_nonnull(
		strstr(text, "\nlink-4                    down        4.00s        4\n"));
}
END_TEST

/* Every height: no more lines than the screen has, down to the header's. */
START_TEST(a_frame_fits_its_screen)
{
	for (unsigned rows = 1; rows < 80; rows++) {
		const char *text = frame(rows);
		unsigned lines = count(text, "\n");

		ck_assert_msg(lines <= (rows < 6 ? 6 : rows), "%u lines on %u", lines, rows);
		ck_assert_msg(rows < 8 || strstr(text, "\nnode-0 ") != NULL, "no node on %u", rows);
		ck_assert_msg(rows < 24 || (strstr(text, "\nprocess-0 ") != NULL &&
						   strstr(text, "\nlink-0 ") != NULL &&
						   strstr(text, " reason-0") != NULL),
			"not all sections on %u", rows);
	}
}
END_TEST

START_TEST(scrolling_stays_within_the_nodes)
{
	look.scroll = 3;
	ck_assert_ptr_nonnull(strstr(frame(30), "\nnode-3 "));
	ck_assert_ptr_null(strstr(frame(30), "\nnode-2 "));
	look.scroll = 1000;
	ck_assert_ptr_nonnull(strstr(frame(30), "\nnode-19 "));
	ck_assert_uint_lt(look.scroll, 20);
}
END_TEST

START_TEST(the_last_line_tells)
{
	look.sort = TOP_SORT_CLOCKS;
	look.reverse = true;
	look.paused = true;
	ck_assert_ptr_nonnull(strstr(frame(200), "\n20 of 20 nodes by clocks reversed, every 1s "));
	ck_assert_ptr_nonnull(strstr(frame(200), ", paused\n"));
	strcpy(look.message, "the server closed the connection");
	ck_assert_ptr_nonnull(strstr(frame(24), "\nthe server closed the connection\n"));
}
END_TEST

START_TEST(help_takes_the_sections_place)
{
	look.help = true;
	ck_assert_ptr_nonnull(strstr(frame(24), "\nq         quit\n"));
	ck_assert_ptr_null(strstr(frame(24), "\nnode-0 "));
	ck_assert_uint_le(count(frame(24), "\n"), 24);
}
END_TEST

START_TEST(empty_sections_are_left_out)
{
	for (unsigned i = 0; i < TOP_METHODS; i++) {
		json_decref(reading.results[i]);
		reading.results[i] = NULL;
	}
	ck_assert_uint_eq(count(frame(24), "\n"), 4);
	ck_assert_ptr_null(strstr(frame(0), "Node"));
}
END_TEST

START_TEST(names_do_not_move_the_cursor)
{
	json_decref(reading.results[TOP_LINKS]);
	reading.results[TOP_LINKS] = list("links", "{'name':'\\u001b[2J\\n%d','up':true}", 1);
	look.loop = "\033]0;x\a";
	ck_assert_ptr_nonnull(strstr(frame(0), "\\x1b[2J\\x0a0"));
	ck_assert_ptr_nonnull(strstr(frame(0), "loop \\x1b]0;x\\x07"));
	ck_assert_ptr_null(strchr(frame(0), '\033'));
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("top_frame");
	TCase *tcase = tcase_create("top_frame");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, without_a_height_all_is_shown);
	tcase_add_test(tcase, a_frame_fits_its_screen);
	tcase_add_test(tcase, scrolling_stays_within_the_nodes);
	tcase_add_test(tcase, the_last_line_tells);
	tcase_add_test(tcase, help_takes_the_sections_place);
	tcase_add_test(tcase, empty_sections_are_left_out);
	tcase_add_test(tcase, names_do_not_move_the_cursor);
	suite_add_tcase(suite, tcase);
	return suite;
}
