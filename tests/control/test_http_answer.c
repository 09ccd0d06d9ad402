/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: statuses, types and the headers that all of them have. */
#include <string.h>

#include "control/http_answer.h"
#include "control/page.h"
#include "control/request.h"
#include "harness.h"

static const char *header(const struct gyre__http_answer *answer, const char *name)
{
	return MHD_get_response_header(answer->response, name);
}

/* And ends it. */
static void check(struct gyre__http_answer answer, unsigned status, const char *type)
{
	ck_assert_uint_eq(answer.status, status);
	ck_assert_ptr_nonnull(answer.response);
	ck_assert_str_eq(header(&answer, "Content-Type"), type);
	ck_assert_str_eq(header(&answer, "Cache-Control"), "no-store");
	ck_assert_str_eq(header(&answer, "X-Content-Type-Options"), "nosniff");
	ck_assert_ptr_nonnull(header(&answer, "Content-Security-Policy"));
	ck_assert_ptr_null(header(&answer, "Access-Control-Allow-Origin"));
	MHD_destroy_response(answer.response);
}

START_TEST(the_page_has_its_own_policy)
{
	struct gyre__http_answer answer = gyre__http_answer_page();

	ck_assert_str_eq(header(&answer, "Content-Security-Policy"), gyre__page_csp);
	check(answer, 200, "text/html; charset=utf-8");
}
END_TEST

START_TEST(metrics_have_the_type_of_their_format)
{
	check(gyre__http_answer_metrics(GYRE__METRICS_TEXT, strdup("a 1\n"), 4), 200,
		"text/plain; version=0.0.4; charset=utf-8");
	check(gyre__http_answer_metrics(GYRE__METRICS_OPENMETRICS, strdup("# EOF\n"), 6), 200,
		"application/openmetrics-text; version=1.0.0; charset=utf-8");
}
END_TEST

START_TEST(results_are_json)
{
	json_t *result = json_pack("{s:i}", "a", 1);

	check(gyre__http_answer_json(result), 200, "application/json");
	json_decref(result);
}
END_TEST

static const struct {
	int code;
	unsigned status;
} errors[] = {
	{GYRE__RPC_INVALID_PARAMS, 400},
	{GYRE__RPC_LIMIT, 400},
	{GYRE__RPC_NO_METHOD, 404},
	{GYRE__RPC_NO_LOOP, 404},
	{GYRE__RPC_NOT_FOUND, 404},
	{GYRE__RPC_BUSY, 503},
	{GYRE__RPC_TIMEOUT, 504},
	{GYRE__RPC_INTERNAL, 500},
	{GYRE__RPC_APPLICATION, 500},
};

START_TEST(errors_have_the_status_of_their_code)
{
	check(gyre__http_answer_error(errors[_i].code, "text"), errors[_i].status,
		"application/json");
}
END_TEST

START_TEST(a_message_that_is_no_text_is_an_error_all_the_same)
{
	check(gyre__http_answer_error(GYRE__RPC_INVALID_PARAMS, "the query has '\xff' twice"), 400,
		"application/json");
}
END_TEST

START_TEST(lines_of_text)
{
	struct gyre__http_answer answer = gyre__http_answer_text(405, "no\n");

	ck_assert_str_eq(header(&answer, "Allow"), "GET, HEAD");
	check(answer, 405, "text/plain; charset=utf-8");
	answer = gyre__http_answer_text(404, "no\n");
	ck_assert_ptr_null(header(&answer, "Allow"));
	check(answer, 404, "text/plain; charset=utf-8");
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("http_answer");
	TCase *tcase = tcase_create("http_answer");

	tcase_add_test(tcase, the_page_has_its_own_policy);
	tcase_add_test(tcase, metrics_have_the_type_of_their_format);
	tcase_add_test(tcase, results_are_json);
	tcase_add_loop_test(
		tcase, errors_have_the_status_of_their_code, 0, sizeof(errors) / sizeof(*errors));
	tcase_add_test(tcase, a_message_that_is_no_text_is_an_error_all_the_same);
	tcase_add_test(tcase, lines_of_text);
	suite_add_tcase(suite, tcase);
	return suite;
}
