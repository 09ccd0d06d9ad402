/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe packet's bytes and the laboratory's clock. probe.c sends and receives them, watch.c
 * reads them off the wire. It calls libc alone. The kernel stamps packets with the wall clock: a
 * stamp is moved to CLOCK_MONOTONIC by its age, so that a step of the wall clock cannot fall
 * between the two.
 */
#include "probe.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char magic[8] = "gyreprob";

void probe_write(const struct probe *probe, unsigned char payload[PROBE_SIZE])
{
	memcpy(payload, magic, sizeof(magic));
	memcpy(payload + 8, &probe->sequence, 8);
	memcpy(payload + 16, &probe->sent_nsec, 8);
}

int probe_read(const unsigned char *payload, size_t size, struct probe *ret_probe)
{
	if (size < PROBE_SIZE || memcmp(payload, magic, sizeof(magic)) != 0)
		return -1;
	memcpy(&ret_probe->sequence, payload + 8, 8);
	memcpy(&ret_probe->sent_nsec, payload + 16, 8);
	return 0;
}

static uint64_t nsec_of(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * 1000000000U + (uint64_t)time->tv_nsec;
}

uint64_t probe_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return nsec_of(&now);
}

uint64_t probe_arrival(struct msghdr *message)
{
	struct timespec wall, stamp;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
		clock_gettime(CLOCK_REALTIME, &wall);
		return probe_now() - (nsec_of(&wall) - nsec_of(&stamp));
	}
	return probe_now();
}

void probe_print_time(uint64_t nsec)
{
	printf("%llu.%09llu", (unsigned long long)(nsec / 1000000000U),
		(unsigned long long)(nsec % 1000000000U));
}
