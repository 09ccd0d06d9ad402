/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets in files, for machines that allow no network of one's own: writes what the gateway's
 * three ports are to receive, and checks what it sent. files.sh calls it; it calls libc and
 * packet.c. Each uplink's file holds a router's ARP request, which teaches the gateway where the
 * router is; the inside's file begins with enough ARP requests for that to have happened before
 * its probes come.
 *
 *	frames write DIRECTORY COUNT	writes inside.pcap, uplink0.pcap, uplink1.pcap
 *	frames check FILE COUNT		fails unless FILE has all probes, forwarded as should be
 */
#include "probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ETHER_SIZE = 14, IP_SIZE = 20, UDP_SIZE = 8, FRAME_MAX = 128, WARM_UP = 256, BROKEN = 4 };
enum { PROBE_FRAME = ETHER_SIZE + IP_SIZE + UDP_SIZE + PROBE_SIZE, TTL = 64 };

/* In the machine's own byte order, which readers tell by the magic. */
struct pcap_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snapshot, link;
};

static const unsigned char inside_host[4] = {198, 51, 100, 2}, inside_gw[4] = {198, 51, 100, 1};
static const unsigned char far_host[4] = {203, 0, 113, 1};
static const unsigned char uplink_router[2][4] = {{192, 0, 2, 1}, {192, 0, 2, 5}};
static const unsigned char uplink_gw[2][4] = {{192, 0, 2, 2}, {192, 0, 2, 6}};

/* A host of ours, and the address that DPDK's pcap driver gives to its ports. */
static void host_mac(unsigned char mac[6], unsigned port)
{
	memcpy(mac, (const unsigned char[6]){0x02, 0, 0x5e, 0x10, 0, 0}, 6);
	mac[5] = (unsigned char)port;
}

static void port_mac(unsigned char mac[6], unsigned port)
{
	memcpy(mac, (const unsigned char[6]){0x02, 'p', 'c', 'a', 'p', 0}, 6);
	mac[5] = (unsigned char)port;
}

static void put16(unsigned char *at, unsigned value)
{
	at[0] = (unsigned char)(value >> 8);
	at[1] = (unsigned char)value;
}

static unsigned checksum(const unsigned char *bytes, size_t size)
{
	unsigned long sum = 0;

	for (size_t i = 0; i < size; i += 2)
		sum += (unsigned long)bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (unsigned)(~sum & 0xffff);
}

static void put_frame(FILE *file, const unsigned char *frame, uint32_t size)
{
	const uint32_t record[4] = {0, 0, size, size};

	fwrite(record, sizeof(record), 1, file);
	fwrite(frame, size, 1, file);
}

static FILE *pcap_create(const char *directory, const char *name)
{
	const struct pcap_header header = {
		.magic = 0xa1b2c3d4,
		.major = 2,
		.minor = 4,
		.snapshot = 65535,
		.link = 1,
	};
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "wb");
	if (file == NULL) {
		fprintf(stderr, "frames: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	fwrite(&header, sizeof(header), 1, file);
	return file;
}

static void pcap_close(FILE *file)
{
	if (ferror(file) != 0 || fclose(file) != 0) {
		perror("frames");
		exit(1);
	}
}

static void put_arp_request(
	FILE *file, unsigned port, const unsigned char from[4], const unsigned char to[4])
{
	unsigned char frame[60] = {0};

	memset(frame, 0xff, 6);
	host_mac(frame + 6, port);
	put16(frame + 12, 0x0806);
	memcpy(frame + 14, (const unsigned char[8]){0, 1, 8, 0, 6, 4, 0, 1}, 8);
	memcpy(frame + 22, frame + 6, 6);
	memcpy(frame + 28, from, 4);
	memcpy(frame + 38, to, 4);
	put_frame(file, frame, sizeof(frame));
}

static void make_probe(unsigned char frame[PROBE_FRAME], uint64_t sequence)
{
	unsigned char *ip = frame + ETHER_SIZE, *udp = ip + IP_SIZE;
	const struct probe probe = {.sequence = sequence};

	memset(frame, 0, PROBE_FRAME);
	port_mac(frame, 0);
	host_mac(frame + 6, 0);
	put16(frame + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, PROBE_FRAME - ETHER_SIZE);
	ip[8] = TTL;
	ip[9] = 17;
	memcpy(ip + 12, inside_host, 4);
	memcpy(ip + 16, far_host, 4);
	put16(ip + 10, checksum(ip, IP_SIZE));
	put16(udp, PROBE_PORT);
	put16(udp + 2, PROBE_PORT);
	put16(udp + 4, UDP_SIZE + PROBE_SIZE);
	probe_write(&probe, udp + UDP_SIZE);
}

/* A wrong checksum, a wrong version, a length beyond the frame, a header cut off. */
static void put_broken(FILE *file)
{
	unsigned char frame[PROBE_FRAME];

	make_probe(frame, 0);
	frame[ETHER_SIZE + 10] ^= 0x55;
	put_frame(file, frame, PROBE_FRAME);
	make_probe(frame, 0);
	frame[ETHER_SIZE] = 0x65;
	put_frame(file, frame, PROBE_FRAME);
	make_probe(frame, 0);
	put16(frame + ETHER_SIZE + 2, 1400);
	put_frame(file, frame, PROBE_FRAME);
	make_probe(frame, 0);
	put_frame(file, frame, ETHER_SIZE + 12);
}

static int write_all(const char *directory, uint64_t count)
{
	unsigned char frame[PROBE_FRAME];
	FILE *inside = pcap_create(directory, "inside.pcap");
	FILE *uplink[2] = {
		pcap_create(directory, "uplink0.pcap"),
		pcap_create(directory, "uplink1.pcap"),
	};

	for (unsigned i = 0; i < 2; i++) {
		put_arp_request(uplink[i], 1 + i, uplink_router[i], uplink_gw[i]);
		pcap_close(uplink[i]);
	}
	for (int i = 0; i < WARM_UP; i++)
		put_arp_request(inside, 0, inside_host, inside_gw);
	put_broken(inside);
	for (uint64_t sequence = 0; sequence < count; sequence++) {
		make_probe(frame, sequence);
		put_frame(inside, frame, PROBE_FRAME);
	}
	pcap_close(inside);
	printf("%d ARP requests, %d broken packets, %llu numbered packets\n", WARM_UP, BROKEN,
		(unsigned long long)count);
	return 0;
}

/* From the gateway's first uplink, to its router, one hop older, otherwise untouched. */
static int forwarded_well(const unsigned char frame[PROBE_FRAME], uint64_t sequence)
{
	unsigned char wanted[PROBE_FRAME], *ip = wanted + ETHER_SIZE;

	make_probe(wanted, sequence);
	host_mac(wanted, 1);
	port_mac(wanted + 6, 1);
	ip[8] = TTL - 1;
	put16(ip + 10, 0);
	put16(ip + 10, checksum(ip, IP_SIZE));
	return memcmp(frame, wanted, PROBE_FRAME) == 0;
}

/* Probes come in order; what else is in the file (BFD, ARP) is the gateway's own. */
static int check_file(FILE *file, uint64_t count)
{
	unsigned char frame[FRAME_MAX * 32];
	struct pcap_header header;
	uint32_t record[4];
	uint64_t next = 0, others = 0;
	struct probe probe;

	if (fread(&header, sizeof(header), 1, file) != 1)
		return -1;
	while (fread(record, sizeof(record), 1, file) == 1) {
		if (record[2] > sizeof(frame) || fread(frame, 1, record[2], file) != record[2])
			return -1;
		if (record[2] != PROBE_FRAME ||
			probe_read(frame + PROBE_FRAME - PROBE_SIZE, PROBE_SIZE, &probe) < 0) {
			others++;
		} else if (probe.sequence != next++ || !forwarded_well(frame, probe.sequence)) {
			printf("packet %llu is wrong\n", (unsigned long long)(next - 1));
			return -1;
		}
	}
	printf("%llu of %llu numbered packets forwarded as they should be, %llu others\n",
		(unsigned long long)next, (unsigned long long)count, (unsigned long long)others);
	return next == count ? 0 : -1;
}

static int run_check(const char *path, uint64_t count)
{
	FILE *file = fopen(path, "rb");
	int status;

	if (file == NULL) {
		fprintf(stderr, "frames: %s: %s\n", path, strerror(errno));
		return 1;
	}
	status = check_file(file, count);
	fclose(file);
	return status < 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "write") == 0)
		return write_all(argv[2], strtoull(argv[3], NULL, 10));
	if (argc == 4 && strcmp(argv[1], "check") == 0)
		return run_check(argv[2], strtoull(argv[3], NULL, 10));
	fprintf(stderr, "usage: frames write DIRECTORY COUNT | frames check FILE COUNT\n");
	return 2;
}
