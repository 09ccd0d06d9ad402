/* SPDX-License-Identifier: Apache-2.0 */
/* All views, each from canned results: the columns, what is missing, what is hostile. */
#include "canned.h"
#include "gyrectl/view.h"
#include "harness.h"

#include <locale.h>
#include <string.h>

static void set_up(void)
{
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
}

static const struct view *view_of(const char *noun)
{
	const struct view *view = views;

	while (view->noun != NULL && strcmp(view->noun, noun) != 0)
		view++;
	ck_assert_ptr_nonnull(view->noun);
	return view;
}

/* What the view writes of up to three results; NULL for none. */
static const char *shown(const char *noun, const char *first, const char *second, const char *third)
{
	const char *texts[VIEW_METHODS] = {first, second, third};
	json_t *results[VIEW_METHODS] = {NULL};
	struct page page = {0};

	for (unsigned i = 0; i < VIEW_METHODS; i++)
		results[i] = texts[i] == NULL ? NULL : canned_json(texts[i]);
	view_of(noun)->write(&page, results);
	for (unsigned i = 0; i < VIEW_METHODS; i++)
		json_decref(results[i]);
	return canned_text(&page);
}

static const char runtime[] =
	"{'loop':'data','now_nsec':14000000000,'since_nsec':4000000000,'nodes':["
	"{'name':'rx-0','class':'rx','kind':'input','state':'polling','calls':1000,'vectors':500,"
	"'suspends':0,'clocks':31.25,'vectors_per_call':0.5,'dropped':0,'punted':0},"
	"{'name':'lookup','class':'l','kind':'internal','state':'active','calls':10,'vectors':500,"
	"'suspends':0,'clocks':12.0,'vectors_per_call':50,'dropped':100,'punted':50},"
	"{'name':'tx-0','class':'tx','kind':'output','state':'disabled','calls':7,'vectors':350,"
	"'suspends':0,'clocks':40.1,'vectors_per_call':50,'dropped':30,'punted':0}]}";
static const char processes[] =
	"{'loop':'data','now_nsec':5000000,'processes':["
	"{'name':'bfd','id':'3.1','state':'sleeping','daemon':false,'runs':8,'run_nsec':16000,"
	"'longest_nsec':9000,'deadline_nsec':5100000,'events_coalesced':0,'late':{'count':8,"
	"'max_nsec':60000,'p50_nsec':4096,'p99_nsec':32768,'buckets':[]},"
	"'stack':{'size':65536,'used':8192}},"
	"{'name':'arp','id':'4.2','state':'waiting','daemon':true,'runs':0,'run_nsec':0,"
	"'longest_nsec':0,'deadline_nsec':null,'late':{},'stack':{'size':65536,'used':0}},"
	"{'name':'late','id':'5.1','state':'waiting','daemon':true,'runs':1,'run_nsec':1,"
	"'longest_nsec':1,'deadline_nsec':4999999,'late':{},'stack':{'size':65536,'used':65536}}]}";

/* check's own comparison cannot print texts of a kilobyte. */
static void is(const char *text, const char *wanted)
{
	if (strcmp(text, wanted) == 0)
		return;
	printf("%s--- but wanted:\n%s", text, wanted);
	ck_abort_msg("another text");
}

START_TEST(runtime_has_vpps_columns)
{
	is(shown("runtime", runtime, processes, NULL),
		"Time 10.0, average vectors/node 50.00\n"
		"  vector rates in 5.0000e1, out 3.2000e1, drop 1.3000e1, punt 5.0000e0\n"
		"             Name                 State         Calls          Vectors        "
		"Suspends         Clocks       Vectors/Call\n"
		"rx-0                             polling              1000             500       "
		"        0          3.12e1            0.50\n"
		"lookup                           active                 10             500       "
		"        0          1.20e1           50.00\n"
		"tx-0                            disabled                 7             350       "
		"        0          4.01e1           50.00\n"
		"bfd                             time wait                0               0       "
		"        8          2.00e3            0.00\n"
		"arp                            event wait                0               0       "
		"        0          0.00e0            0.00\n"
		"late                            any wait                 0               0       "
		"        1          1.00e0            0.00\n");
}
END_TEST

/* Never cleared: since the server began. */
START_TEST(runtime_counts_from_the_start)
{
	const char *text = shown("runtime",
		"{'now_nsec':14000000000,'since_nsec':0,'nodes':[{'name':'rx-0','kind':'input',"
		"'state':'polling','vectors':500}]}",
		NULL, "{'uptime_nsec':2000000000}");

	ck_assert_msg(strncmp(text, "Time 2.0, average vectors/node 0.00\n", 36) == 0, "%s", text);
	ck_assert_ptr_nonnull(strstr(text, "in 2.5000e2, out 0.0000e0"));
}
END_TEST

START_TEST(nodes_have_their_nexts)
{
	ck_assert_str_eq(
		shown("nodes",
			"{'nodes':[{'name':'lookup','class':'ip4-lookup','kind':'internal',"
			"'disabled':false,'rank':4,'nexts':['rewrite',null,'drop']},"
			"{'name':'tx-0','class':'dpdk-tx','kind':'output','disabled':true,"
			"'rank':5,'nexts':[]}]}",
			NULL, NULL),
		"Name          Class       Kind      State     Rank  Next\n"
		"lookup        ip4-lookup  internal  enabled      4  rewrite, -, drop\n"
		"tx-0          dpdk-tx     output    disabled     5\n");
}
END_TEST

START_TEST(processes_have_their_lateness)
{
	is(shown("processes", processes, NULL, NULL),
		"Name          Id   State     Due       Runs    Time  Longest  Late p50     p99    "
		" "
		"max    Stack  Daemon\n"
		"bfd           3.1  sleeping  in 100us     8  16.0us   9.00us    4.10us  32.8us  "
		"60.0us   8K/64K  no\n"
		"arp           4.2  waiting   -            0       0        0         0       0    "
		"   "
		"0    -/64K  yes\n"
		"late          5.1  waiting   now          1     1ns      1ns         0       0    "
		"   "
		"0  64K/64K  yes\n");
}
END_TEST

START_TEST(errors_begin_with_their_count)
{
	ck_assert_str_eq(
		shown("errors",
			"{'errors':[{'node':'lookup','reason':'no-route','severity':'warning',"
			"'count':17}]}",
			NULL, NULL),
		"     Count  Node          Reason        Severity\n"
		"        17  lookup        no-route      warning\n");
}
END_TEST

/* Since when is by the loop's clock, which is in the answer about the loops. */
START_TEST(links_have_their_age)
{
	static const char links[] = "{'loop':'b','links':[{'name':'port-0','up':true,"
				    "'changed_nsec':1000000000,'changes':1},{'name':'port-1',"
				    "'up':false,'changed_nsec':0,'changes':4}]}";

	ck_assert_str_eq(shown("links", links,
				 "{'loops':[{'name':'a','now_nsec':9},{'name':'b','now_nsec':"
				 "3500000000}]}",
				 NULL),
		"Name          State     For  Changes\n"
		"port-0        up      2.50s        1\n"
		"port-1        down    3.50s        4\n");
	ck_assert_ptr_nonnull(
		strstr(shown("links", links, NULL, NULL), "port-0        up          -"));
}
END_TEST

START_TEST(a_graph_shows_each_edge_once)
{
	ck_assert_str_eq(
		shown("graph",
			"{'nodes':[{'name':'rx','kind':'input','rank':0,'disabled':false,'items':9}"
			","
			"{'name':'ip','kind':'internal','rank':1,'disabled':true,'items':9},"
			"{'name':'tx','kind':'output','rank':2,'disabled':false,'items':0}],"
			"'edges':[{'from':'rx','to':'ip','next':0,'back':false,'items':9},"
			"{'from':'ip','to':'tx','next':0,'back':false,'items':null},"
			"{'from':'ip','to':'ip','next':2,'back':true,'items':null}]}",
			NULL, NULL),
		"Name          Kind      Rank  Items  Next\n"
		"rx            input        0      9   [0]  ip\n"
		"ip            disabled     1      9   [0]  tx\n"
		"                                      [2]  ip (back)\n"
		"tx            output       2      0\n");
}
END_TEST

START_TEST(loops_have_their_names_first)
{
	const char *text = shown("loops",
		"{'loops':[{'name':'data','answered':true,'turns':1000,'idle_turns':250,'frames':8,"
		"'frames_free':7,'log_level':'info'},{'name':'other','answered':false}]}",
		NULL, NULL);

	ck_assert_ptr_nonnull(strstr(text, "\ndata           1000  25.0%"));
	ck_assert_ptr_nonnull(strstr(text, "7/8  info\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nother     no answer\n"));
}
END_TEST

START_TEST(version_and_methods)
{
	ck_assert_str_eq(shown("version",
				 "{'name':'gyre','version':'0.1.0','pid':4711,'program':'gw',"
				 "'uptime_nsec':81000000000}",
				 NULL, NULL),
		"gyre 0.1.0 in gw, pid 4711, up 1m21s\n");
	ck_assert_str_eq(shown("methods",
				 "{'methods':[{'name':'fib.add','help':'Adds it.','params':["
				 "{'name':'prefix','type':'string','required':true,'help':'a/len',"
				 "'min':3,'max':18},"
				 "{'name':'n','type':'integer','required':false,'help':'',"
				 "'min':-1,'max':9},{'name':'m','type':'any','max':'x'}]},"
				 "{'name':'bare'}]}",
				 NULL, NULL),
		"fib.add: Adds it.\n"
		"    prefix (string, required, 3 to 18 bytes): a/len\n"
		"    n (integer, -1 to 9)\n"
		"    m (any)\n"
		"bare\n");
}
END_TEST

/* Every view of results that are empty, of other types, or whose names move the cursor. */
START_TEST(no_view_trusts_the_server)
{
	static const char *const results[] = {"{}", "[]", "[7]",
		"{'loop':7,'nodes':[1,null,{},[],{'name':'\\u001b[2J\\u202e','nexts':[7,{}],"
		"'kind':'\\n','state':'\\r'}],'edges':{'from':1},'processes':[{'late':7,'stack':[],"
		"'name':'\\u009b','id':'\\t','state':'\\b'}],'errors':[null,{'node':'\\u0007'}],"
		"'links':[[],{'name':'\\f'}],'loops':[0,{'name':'\\u001b','answered':true}],"
		"'methods':[{'name':'\\u001b','help':'\\u001b','params':[{'help':'\\u001b'}]}],"
		"'name':'\\u001b','program':'\\u001b'}"};

	for (const struct view *view = views; view->noun != NULL; view++) {
		const char *text = shown(view->noun, results[_i], results[_i], results[_i]);

		for (; *text != '\0'; text++)
			ck_assert_msg(*text == '\n' || (*text >= ' ' && *text <= '~'), "%s: %#x",
				view->noun, *text);
	}
}
END_TEST

START_TEST(a_method_has_its_view)
{
	ck_assert_ptr_eq(view_of_method("links"), view_of("links"));
	ck_assert_ptr_null(view_of_method("app.verb"));
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("view");
	TCase *tcase = tcase_create("view");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, runtime_has_vpps_columns);
	tcase_add_test(tcase, runtime_counts_from_the_start);
	tcase_add_test(tcase, nodes_have_their_nexts);
	tcase_add_test(tcase, processes_have_their_lateness);
	tcase_add_test(tcase, errors_begin_with_their_count);
	tcase_add_test(tcase, links_have_their_age);
	tcase_add_test(tcase, a_graph_shows_each_edge_once);
	tcase_add_test(tcase, loops_have_their_names_first);
	tcase_add_test(tcase, version_and_methods);
	tcase_add_loop_test(tcase, no_view_trusts_the_server, 0, 4);
	tcase_add_test(tcase, a_method_has_its_view);
	suite_add_tcase(suite, tcase);
	return suite;
}
