/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a loop costs by itself: an idle turn, posts and signals, wake-ups, and the share of a turn
 * that is not nodes. Owns nothing; the parts are in loop_*.c. Invariant: gyre is driven through its
 * public interface alone.
 */
#include "loop.h"

int main(int argc, char **argv)
{
	struct bench bench;

	bench_open(&bench, "loop", argc, argv);
	loop_turn(&bench);
	loop_reach(&bench);
	bench_close(&bench);
	return 0;
}
