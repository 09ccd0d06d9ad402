/* SPDX-License-Identifier: Apache-2.0 */
/* Which format of metrics an Accept header gets. */
#include <string.h>

#include "control/http_accept.h"
#include "harness.h"

#define OPEN "application/openmetrics-text"

static const struct {
	const char *accept;
	enum gyre__metrics_format format;
} cases[] = {
	{NULL, GYRE__METRICS_TEXT},
	{"", GYRE__METRICS_TEXT},
	{"*/*", GYRE__METRICS_TEXT},
	{"text/html,application/xhtml+xml,*/*;q=0.8", GYRE__METRICS_TEXT},
	{"text/plain;version=0.0.4", GYRE__METRICS_TEXT},
	{OPEN, GYRE__METRICS_OPENMETRICS},
	{OPEN ";version=1.0.0", GYRE__METRICS_OPENMETRICS},
	{OPEN "; version=1.0.0; charset=utf-8", GYRE__METRICS_OPENMETRICS},
	{"Application/OpenMetrics-Text;Version=1.0.0", GYRE__METRICS_OPENMETRICS},
	{OPEN ";version=0.0.1", GYRE__METRICS_TEXT},
	{OPEN ";version=2.0.0", GYRE__METRICS_TEXT},
	{OPEN ";q=0", GYRE__METRICS_TEXT},
	{OPEN ";q=0.000", GYRE__METRICS_TEXT},
	{OPEN ";q=0.2,text/plain;q=0.3", GYRE__METRICS_TEXT},
	{OPEN ";q=0.31,text/plain;q=0.3", GYRE__METRICS_OPENMETRICS},
	{OPEN ";q=0.5,*/*;q=0.5", GYRE__METRICS_OPENMETRICS},
	{OPEN ";q=nonsense", GYRE__METRICS_TEXT},
	{";;;,,,===", GYRE__METRICS_TEXT},
	/* Prometheus 2.42 */
	{OPEN ";version=1.0.0," OPEN
	      ";version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		GYRE__METRICS_OPENMETRICS},
};

START_TEST(formats)
{
	ck_assert_int_eq(gyre__http_accept_format(cases[_i].accept), cases[_i].format);
}
END_TEST

START_TEST(a_header_too_long_to_be_read)
{
	char accept[4096] = OPEN;

	memset(accept + strlen(accept), ',', sizeof(accept) - strlen(accept) - 1);
	accept[sizeof(accept) - 1] = '\0';
	ck_assert_int_eq(gyre__http_accept_format(accept), GYRE__METRICS_TEXT);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("http_accept");
	TCase *tcase = tcase_create("http_accept");

	tcase_add_loop_test(tcase, formats, 0, sizeof(cases) / sizeof(*cases));
	tcase_add_test(tcase, a_header_too_long_to_be_read);
	suite_add_tcase(suite, tcase);
	return suite;
}
