/* SPDX-License-Identifier: Apache-2.0 */
/* The loop that the tests of readers read, and readers of it. */
#ifndef GYRE_TESTS_LOOP_READINGS_H
#define GYRE_TESTS_LOOP_READINGS_H

#include <gyre.h>

#define LINKS 40

extern struct gyre_loop *loop;
extern struct gyre_link links[LINKS];
extern const struct gyre_node_class sort_class, sink_class;

/* The loop: `nodes` of the class sort beside source -> sort -> sink, which packets pass; daemons
 * that sleep; n_links of the links. It has had one turn. */
void make(unsigned nodes, unsigned processes, unsigned n_links);
void processes_spawn(unsigned n);
/* What they run. */
int sleeper(struct gyre_process *self, void *arg);
struct gyre_reader *reader_of(unsigned chunk, gyre_reader_fn *fn, void *arg);
/* A reader's fn: counts in the unsigned that `arg` is. */
void count_up(void *arg);

#endif
