/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbered UDP packets at a steady rate, and the far host's record of them. lab.sh runs the sender
 * at the inside host and the receiver at the far host; measure.awk finds what is missing. It calls
 * libc and packet.c. A late sender lets its schedule slip rather than catch up in a burst: in no
 * interval are there more packets than rate x interval + 1, which is what the bound on losses
 * needs.
 *
 *	probe send ADDRESS RATE COUNT
 *	probe receive			prints SEQUENCE SENT ARRIVED, times in seconds
 *	probe clock			prints the time of all these lines
 */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

static void sleep_until(uint64_t nsec)
{
	struct timespec until = {
		.tv_sec = (time_t)(nsec / 1000000000U),
		.tv_nsec = (long)(nsec % 1000000000U),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

/* A sequence number is spent only on a packet that left: what the far host then misses was lost on
 * the way. */
static void send_all(int fd, const struct sockaddr_in *to, uint64_t interval_nsec, uint64_t count)
{
	struct probe probe = {.sequence = 0};
	unsigned char payload[PROBE_SIZE];
	uint64_t due = probe_now();

	while (probe.sequence < count) {
		sleep_until(due);
		probe.sent_nsec = probe_now();
		probe_write(&probe, payload);
		if (sendto(fd, payload, sizeof(payload), 0, (const struct sockaddr *)to,
			    sizeof(*to)) == sizeof(payload))
			probe.sequence++;
		due += interval_nsec;
		if (due < probe.sent_nsec)
			due = probe.sent_nsec + interval_nsec;
	}
}

static int run_send(const char *address, const char *rate, const char *count)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PROBE_PORT)};
	unsigned long per_second = strtoul(rate, NULL, 10);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1 || per_second == 0 ||
		per_second > 100000) {
		fprintf(stderr, "probe: %s %s: no address or no rate\n", address, rate);
		return 2;
	}
	if (fd < 0) {
		perror("probe: socket");
		return 1;
	}
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	send_all(fd, &to, 1000000000U / per_second, strtoull(count, NULL, 10));
	return 0;
}

static void receive_one(int fd)
{
	unsigned char payload[256], control[128];
	struct iovec iov = {.iov_base = payload, .iov_len = sizeof(payload)};
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t size = recvmsg(fd, &message, 0);
	struct probe probe;

	if (size < 0 || probe_read(payload, (size_t)size, &probe) < 0)
		return;
	printf("%llu ", (unsigned long long)probe.sequence);
	probe_print_time(probe.sent_nsec);
	printf(" ");
	probe_print_time(probe_arrival(&message));
	printf("\n");
}

static int run_receive(void)
{
	const struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(PROBE_PORT)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int on = 1, bytes = 4 << 20;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) < 0 ||
		bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0) {
		perror("probe: socket");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;;)
		receive_one(fd);
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "send") == 0)
		return run_send(argv[2], argv[3], argv[4]);
	if (argc == 2 && strcmp(argv[1], "receive") == 0)
		return run_receive();
	if (argc == 2 && strcmp(argv[1], "clock") == 0) {
		probe_print_time(probe_now());
		printf("\n");
		return 0;
	}
	fprintf(stderr, "usage: probe send ADDRESS RATE COUNT | probe receive | probe clock\n");
	return 2;
}
