/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop's thread as DPDK sees it. Owns nothing: the lcore id that a thread holds is EAL's, in a
 * thread-local of its own. Called by the thread itself before it runs a loop and after, calls EAL.
 * Invariant: EAL's own threads are left alone.
 */
#include <errno.h>
#include <gyre/dpdk.h>
#include <rte_errno.h>
#include <rte_lcore.h>

int gyre_dpdk_thread_register(void)
{
	if (rte_lcore_count() == 0)
		return -ENODEV;
	if (rte_lcore_id() != LCORE_ID_ANY)
		return 0;
	return rte_thread_register() < 0 ? -rte_errno : 1;
}

void gyre_dpdk_thread_unregister(void)
{
	unsigned lcore = rte_lcore_id();

	if (lcore != LCORE_ID_ANY && rte_eal_lcore_role(lcore) == ROLE_NON_EAL)
		rte_thread_unregister();
}
