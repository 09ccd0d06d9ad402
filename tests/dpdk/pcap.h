/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_TESTS_DPDK_PCAP_H
#define GYRE_TESTS_DPDK_PCAP_H

#include <stdint.h>
#include <stdio.h>

/* Files as libpcap writes them: the header of the file, then a header before each packet. */
struct pcap_file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snap_len, link_type;
};

struct pcap_packet_header {
	uint32_t sec, usec, captured, len;
};

#define PCAP_FILE_HEADER                                                                       \
	(struct pcap_file_header)                                                              \
	{                                                                                      \
		.magic = 0xa1b2c3d4, .major = 2, .minor = 4, .snap_len = 65535, .link_type = 1 \
	}

static inline void pcap_write(FILE *file, const void *packet, uint32_t len)
{
	const struct pcap_packet_header header = {.captured = len, .len = len};

	fwrite(&header, sizeof(header), 1, file);
	fwrite(packet, len, 1, file);
}

/* Reads one packet of at most `size` bytes; returns its length, 0 at the end. */
static inline uint32_t pcap_read(FILE *file, void *packet, size_t size)
{
	struct pcap_packet_header header;

	if (fread(&header, sizeof(header), 1, file) != 1 || header.captured > size ||
		fread(packet, header.captured, 1, file) != 1)
		return 0;
	return header.captured;
}

#endif
