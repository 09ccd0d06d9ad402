/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the system calls of a host whose gyre loop has an input to poll: see schedule.h. */
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness.h"
#include "schedule.h"
#include "syscalls.h"

#define SLICES 1000

static unsigned polls;

static unsigned poll_nothing(struct gyre_node *node, unsigned max)
{
	(void)node, (void)max;
	polls++;
	return 0;
}

static const struct gyre_node_class input_class = {
	.name = "input", .kind = GYRE_NODE_INPUT, .poll = poll_nothing};

static void begin_spin(void *arg)
{
	const struct schedule_host *host = arg;

	for (int i = 0; i < 10; i++)
		host->iterate();
	polls = 0;
}

static void spin(void *arg)
{
	const struct schedule_host *host = arg;

	for (int i = 0; i < SLICES; i++)
		host->iterate();
}

/* One slice an iteration, of many turns. */
void schedule_spin(const struct schedule_host *host)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), n;
	struct gyre_loop *loop;

	ck_assert_int_eq(gyre_loop_create(NULL, &loop), 0);
	ck_assert_int_eq(gyre_node_add(loop, &input_class, "input", NULL, NULL), 0);
	host->open(loop, fd);
	n = gyre_test_count_syscalls(begin_spin, spin, (void *)host);
	if (n >= 0) {
		gyre_test_note("%s: %d system calls in %d slices of %.1f turns", host->name, n,
			SLICES, (double)polls / SLICES);
		ck_assert_int_le(n, SLICES);
		ck_assert_uint_gt(polls, SLICES);
	}
	host->close();
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	close(fd);
}
