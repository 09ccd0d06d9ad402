/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ha-gateway: an IPv4 gateway that fails over between uplinks by link checks which run as processes
 * on the loop that forwards. Calls options.c, EAL and gateway.c. It guards that signals are blocked
 * before EAL starts threads, so that they reach the loop alone.
 */
#define _GNU_SOURCE
#include "log.h"
#include "program.h"

#include <pthread.h>
#include <rte_eal.h>
#include <rte_lcore.h>
#include <signal.h>
#include <stdlib.h>

static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* EAL's -l says where the gateway is to run: not where its control thread is. */
static void pin(void)
{
	const rte_cpuset_t cpus = rte_lcore_cpuset(rte_get_main_lcore());

	if (pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus) != 0)
		log_fault("it may not run on the CPUs of EAL's -l: any will do");
}

static int eal_start(const struct options *options)
{
	struct gyre_error error = {.text = ""};
	int taken = gyre_dpdk_eal_init(options->eal_argc, options->eal_argv, &error);

	if (taken < 0) {
		log_fault("%s", error.text);
		return taken;
	}
	if (taken < options->eal_argc - 1) {
		log_fault("EAL knows no '%s'", options->eal_argv[1 + taken]);
		return -EINVAL;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct gateway *gateway;
	struct options options;
	int err;

	block_signals();
	options_parse(argc, argv, &options);
	if (eal_start(&options) < 0)
		return EXIT_FAILURE;
	err = gateway_create(&options, &gateway);
	if (err == 0) {
		pin();
		err = gateway_run(gateway);
		if (gateway_destroy(gateway) < 0)
			err = -EIO;
	}
	rte_eal_cleanup();
	return err < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
