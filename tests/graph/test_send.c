/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How items are sent: large random graphs, of more nodes than a word of the pending set has bits,
 * with nexts that lead back, twice to the same node, and to few and to many others. Each call of a
 * node and each item in it must come just as in tests/graph/model.c, which knows ranks and lists,
 * and nothing of frames, words, ways, chains or budgets.
 */
#include "graph/model.h"
#include "harness.h"

static const unsigned vectors[] = {1, 2, 5, 24, 64, 256};
static const unsigned budgets[] = {1, 3, UINT32_MAX};
#define VECTORS (sizeof(vectors) / sizeof(*vectors))
#define BUDGETS (sizeof(budgets) / sizeof(*budgets))

/* The loop's number picks the seed, the vector and the shape. */
static void model_try(unsigned number, unsigned n_nodes, unsigned back)
{
	for (enum gyre_simd simd = GYRE_SIMD_SCALAR; simd <= GYRE_SIMD_AVX512; simd++)
		for (unsigned i = 0; i < BUDGETS; i++) {
			struct model_options options = {
				.seed = number,
				.vector = vectors[number % VECTORS],
				.n_nodes = n_nodes,
				.back = back,
				.simd = simd,
				.budget = budgets[i],
			};

			if (!gyre__partition_get(simd)) {
				gyre_test_note("this CPU lacks partition variant %d", simd);
				break;
			}
			model_run(&options, 12);
		}
}

START_TEST(small_graphs)
{
	model_try(_i, 5 + _i, 0);
}
END_TEST

START_TEST(graphs_of_many_words)
{
	model_try(_i, 150 + 10 * _i, 0);
}
END_TEST

START_TEST(graphs_that_lead_back)
{
	model_try(_i, 20 + 12 * _i, 10);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("send");
	TCase *tcase = tcase_create("send");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, small_graphs, 0, 12);
	tcase_add_loop_test(tcase, graphs_of_many_words, 0, 6);
	tcase_add_loop_test(tcase, graphs_that_lead_back, 0, 6);
	suite_add_tcase(suite, tcase);
	return suite;
}
