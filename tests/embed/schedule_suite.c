/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of every adapter: see schedule.h. */
#include "schedule.h"

#include <stdio.h>

static const struct schedule_host *tested;

START_TEST(random_schedules)
{
	schedule_run(tested);
}
END_TEST

START_TEST(one_system_call_a_slice)
{
	schedule_spin(tested);
}
END_TEST

Suite *schedule_suite(const struct schedule_host *host)
{
	static char name[64];
	TCase *tcase = tcase_create("schedules");
	Suite *suite;

	tested = host;
	snprintf(name, sizeof(name), "schedules, %s", host->name);
	suite = suite_create(name);
	tcase_set_timeout(tcase, 1800);
	tcase_add_test(tcase, random_schedules);
	tcase_add_test(tcase, one_system_call_a_slice);
	suite_add_tcase(suite, tcase);
	return suite;
}
