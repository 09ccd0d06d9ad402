/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rte_eal_init() as a library may call it. Owns a copy of argv while EAL reads it. Called by
 * applications that have no EAL of their own, calls EAL. Invariant: argv and the calling thread's
 * affinity are afterwards what they were, whether EAL came up or not.
 */
#include <errno.h>
#include <gyre/dpdk.h>
#include <pthread.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* getopt_long() takes --help cut to --he, and -h in a cluster after -v, the only other short option
 * without an argument. */
static bool asks_for_help(const char *arg)
{
	size_t len = strlen(arg);

	if (!strncmp(arg, "--", 2))
		return len >= 4 && len <= 6 && !strncmp(arg, "--help", len);
	return arg[0] == '-' && arg[1 + strspn(arg + 1, "v")] == 'h';
}

static int argv_check(int argc, char *const *argv, struct gyre_error *error)
{
	if (argc < 1 || !argv)
		return gyre__error_set(error, -EINVAL, "EAL: argv holds no program name");
	for (int i = 0; i < argc; i++)
		if (!argv[i])
			return gyre__error_set(
				error, -EINVAL, "EAL: argv[%d] of %d is NULL", i, argc);
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (asks_for_help(argv[i]))
			return gyre__error_set(error, -EINVAL,
				"EAL: argument %d, %s, would end the program", i, argv[i]);
	return 0;
}

/* One block: the pointers, then the strings. EAL permutes the pointers and keeps none of them. */
static char **argv_copy(int argc, char *const *argv)
{
	size_t size = (argc + 1) * sizeof(*argv);
	char **copy, *at;

	for (int i = 0; i < argc; i++)
		size += strlen(argv[i]) + 1;
	copy = malloc(size);
	if (!copy)
		return NULL;
	at = (char *)(copy + argc + 1);
	for (int i = 0; i < argc; i++) {
		copy[i] = at;
		at = stpcpy(at, argv[i]) + 1;
	}
	copy[argc] = NULL;
	return copy;
}

static int init_failed(struct gyre_error *error)
{
	int code = rte_errno ? -rte_errno : -EIO;

	if (code == -EALREADY)
		return gyre__error_set(
			error, code, "EAL: is or was up in this process, and starts only once");
	if (code == -EINVAL)
		return gyre__error_set(error, code, "EAL: refused an argument: its log names it");
	return gyre__error_set(error, code, "EAL: did not start: %s", rte_strerror(-code));
}

int gyre_dpdk_eal_init(int argc, char *const *argv, struct gyre_error *error)
{
	cpu_set_t affinity;
	char **copy;
	int status, known;

	status = argv_check(argc, argv, error);
	if (status < 0)
		return status;
	copy = argv_copy(argc, argv);
	if (!copy)
		return gyre__error_set(error, -ENOMEM, "EAL: no memory to copy argv");
	known = pthread_getaffinity_np(pthread_self(), sizeof(affinity), &affinity);
	rte_errno = 0;
	status = rte_eal_init(argc, copy);
	if (status < 0)
		status = init_failed(error);
	if (known == 0)
		pthread_setaffinity_np(pthread_self(), sizeof(affinity), &affinity);
	free(copy);
	return status;
}
