/* SPDX-License-Identifier: Apache-2.0 */
/* Loops come and go, on their own threads, while others ask. */
#include "control/rig.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

static struct rig rig;
static int fd;

static void setup(void)
{
	rig_init(&rig, "loops");
	rig_open(&rig);
	fd = rig_connect(&rig);
}

static void teardown(void)
{
	close(fd);
	rig_close(&rig);
}

static struct gyre_loop *named(const char *name)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_loop *loop;

	options.name = name;
	ck_assert_int_eq(gyre_loop_create(&options, &loop), 0);
	return loop;
}

static int nothing(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	(void)self;
	(void)call;
	(void)arg;
	return 0;
}

START_TEST(a_name_is_served_once)
{
	struct gyre_loop *loop = named("data");
	struct gyre_error error;

	ck_assert_int_eq(gyre_control_loop_add(rig.control, loop, &error), -EEXIST);
	ck_assert_ptr_nonnull(strstr(error.text, "'data'"));
	ck_assert_int_eq(gyre_control_loop_add(rig.control, rig.loop, NULL), -EEXIST);
	ck_assert_int_eq(gyre_control_loop_add(rig.control, NULL, &error), -EINVAL);
	ck_assert_int_eq(gyre_control_loop_del(rig.control, loop), -ENOENT);
	gyre_loop_destroy(loop);
}
END_TEST

START_TEST(which_loop_has_to_be_said_of_two)
{
	struct gyre_loop *loop = named("other");
	struct gyre_control_method method = {.name = "app.x", .fn = nothing};
	char message[256];
	json_t *result;

	ck_assert_int_eq(gyre_control_loop_add(rig.control, loop, NULL), 0);
	ck_assert_int_eq(rig_ask_error(fd, "runtime", NULL, message), -32602);
	ck_assert_str_eq(message, "loop: which one? data, other");
	result = rig_ask(fd, "runtime", "{\"loop\":\"data\"}");
	ck_assert_str_eq(rig_text(result, "loop"), "data");
	json_decref(result);
	/* A method that one of them has says which. */
	ck_assert_int_eq(gyre_control_method_add(rig.control, rig.loop, &method, NULL), 0);
	json_decref(rig_ask(fd, "app.x", NULL));
	ck_assert_int_eq(gyre_control_method_add(rig.control, loop, &method, NULL), 0);
	ck_assert_int_eq(rig_ask_error(fd, "app.x", NULL, message), -32602);
	ck_assert_str_eq(message, "loop: which one? data, other");
	json_decref(rig_ask(fd, "app.x", "{\"loop\":\"data\"}"));
	ck_assert_int_eq(rig_ask_error(fd, "app.x", "{\"loop\":\"no\"}", message), -32001);
	ck_assert_str_eq(message, "no such loop: 'no'");
	ck_assert_int_eq(gyre_control_loop_del(rig.control, loop), 0);
	json_decref(rig_ask(fd, "app.x", NULL));
	gyre_loop_destroy(loop);
}
END_TEST

START_TEST(no_loop_is_no_loop)
{
	char message[256];
	json_t *result;

	rig_stop(&rig);
	ck_assert_int_eq(gyre_control_loop_del(rig.control, rig.loop), 0);
	ck_assert_int_eq(rig_ask_error(fd, "runtime", NULL, message), -32001);
	ck_assert_str_eq(message, "no loop is served");
	result = rig_ask(fd, "loops", NULL);
	ck_assert_uint_eq(json_array_size(json_object_get(result, "loops")), 0);
	json_decref(result);
	json_decref(rig_ask(fd, "version", NULL));
	ck_assert_int_eq(gyre_control_loop_add(rig.control, rig.loop, NULL), 0);
}
END_TEST

START_TEST(bad_methods_are_refused)
{
	static const char *const names[] = {"plain", ".x", "x.", "a b.c", "nodes.\xff", NULL};
	static const struct gyre_control_param loop_param = {.name = "loop"};
	struct gyre_control_method method = {.fn = nothing};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		method.name = names[i];
		ck_assert_int_eq(
			gyre_control_method_add(rig.control, rig.loop, &method, NULL), -EINVAL);
	}
	method = (struct gyre_control_method){.name = "a.b"};
	ck_assert_int_eq(gyre_control_method_add(rig.control, rig.loop, &method, NULL), -EINVAL);
	method = (struct gyre_control_method){
		.name = "a.b", .fn = nothing, .params = &loop_param, .n_params = 1};
	ck_assert_int_eq(gyre_control_method_add(rig.control, rig.loop, &method, NULL), -EINVAL);
	method = (struct gyre_control_method){.name = "nodes.set", .fn = nothing};
	ck_assert_int_eq(gyre_control_method_add(rig.control, rig.loop, &method, NULL), -EEXIST);
	method.name = "a.b";
	ck_assert_int_eq(gyre_control_method_add(rig.control, rig.loop, &method, NULL), 0);
	ck_assert_int_eq(gyre_control_method_add(rig.control, rig.loop, &method, NULL), -EEXIST);
}
END_TEST

struct churn {
	struct gyre_loop *loop;
	int status;
};

/* On its own thread: comes and goes. */
static int churn(struct gyre_process *self, void *arg)
{
	struct churn *churn = arg;

	for (int i = 0; i < 200 && churn->status == 0; i++) {
		churn->status = gyre_control_loop_add(rig.control, churn->loop, NULL);
		if (gyre_process_sleep(self, GYRE_USEC(50 * (i % 7))) < 0)
			break;
		if (gyre_control_loop_del(rig.control, churn->loop) < 0)
			churn->status = -1;
	}
	return 0;
}

START_TEST(loops_come_and_go_while_others_ask)
{
	struct churn churns[2] = {{named("one"), 0}, {named("two"), 0}};
	struct gyre_thread *threads[2];

	for (int i = 0; i < 2; i++) {
		gyre_process_spawn(churns[i].loop, churn, &churns[i], NULL, NULL);
		ck_assert_int_eq(gyre_thread_start(churns[i].loop, NULL, &threads[i]), 0);
	}
	for (int i = 0; i < 300; i++) {
		char text[128];
		json_t *reply;

		snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"%s}\n",
			i % 2 ? "runtime" : "loops", i % 2 ? ",\"params\":{\"loop\":\"one\"}" : "");
		rig_send(fd, text);
		reply = rig_receive(fd);
		if (json_object_get(reply, "error"))
			ck_assert_int_eq(
				rig_integer(json_object_get(reply, "error"), "code"), -32001);
		json_decref(reply);
	}
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(gyre_thread_join(threads[i], NULL), 0);
		ck_assert_int_eq(churns[i].status, 0);
		gyre_loop_destroy(churns[i].loop);
	}
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("loops");
	TCase *tcase = tcase_create("loops");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_name_is_served_once);
	tcase_add_test(tcase, which_loop_has_to_be_said_of_two);
	tcase_add_test(tcase, no_loop_is_no_loop);
	tcase_add_test(tcase, bad_methods_are_refused);
	tcase_add_test(tcase, loops_come_and_go_while_others_ask);
	suite_add_tcase(suite, tcase);
	return suite;
}
