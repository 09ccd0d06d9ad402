/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts and ends the processes that judge the uplinks. gateway.c calls it; it calls the file of
 * each. It guards their order: failover is there before a check speaks and until the last one has
 * ended, and BFD's mailboxes are there before the graph is built.
 */
#include "checks.h"
#include "log.h"

#define JOIN_NSEC GYRE_SEC(1)

int checks_start(struct gateway *gateway, const struct options *options)
{
	struct checks *checks = gateway->checks;
	int err = failover_start(gateway, options);

	for (unsigned i = 0; err == 0 && i < gateway->n_interfaces; i++)
		err = link_check_start(&checks->links[i], gateway, i);
	for (unsigned u = 0; err == 0 && options->bfd && u < options->n_uplinks; u++)
		err = bfd_check_start(&checks->bfds[u], gateway, u, options);
	return err;
}

static void end(struct gyre_process *self, struct gyre_process_id id, const char *name)
{
	int err;

	if (gyre_process_cancel(id) < 0)
		return;
	err = gyre_process_join(
		self, id, gyre_loop_clock(gyre_process_loop(self)) + JOIN_NSEC, NULL);
	if (err < 0)
		log_fault("the process %s did not end: %d", name, err);
}

void checks_stop(struct gateway *gateway, struct gyre_process *self)
{
	struct checks *checks = gateway->checks;

	for (unsigned i = 0; i < gateway->n_interfaces; i++) {
		end(self, checks->bfds[i].process, "bfd");
		end(self, checks->links[i].process, "link");
	}
	end(self, checks->failover_process, "failover");
	checks_release(gateway);
}

void checks_release(struct gateway *gateway)
{
	struct link_check *links = gateway->checks->links;

	for (unsigned i = 0; i < gateway->n_interfaces; i++) {
		gyre_dpdk_link_destroy(links[i].link);
		links[i].link = NULL;
	}
}
