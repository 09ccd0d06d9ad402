/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_TESTS_HA_GATEWAY_PROGRAM_H
#define GYRE_TESTS_HA_GATEWAY_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum { FRAME_MAX = 2048, PORTS = 3 };

/* What a port sent: the gateway's own requests for addresses come when they come. */
enum sent { SENT_ANY, SENT_IP, SENT_ARP_REQUEST, SENT_ARP_REPLY };

struct frame {
	size_t len;
	uint8_t bytes[FRAME_MAX];
};

/* The program under test on pcap files in a directory of its own: port <i> reads in<i>.pcap and
 * writes out<i>.pcap. */
struct program {
	char directory[64];
	FILE *in[PORTS]; /* open until the program runs */
	pid_t pid;
	int status; /* once it has ended */
	char out[1 << 16], err[1 << 14]; /* what it said, once it has ended */
};

void program_prepare(struct program *program);
void program_add(struct program *program, unsigned port, const struct frame *frame);
/* Closes the input files; `options` are appended to the usual ones, `eal` to EAL's: words between
 * blanks, NULL for none. */
void program_start(struct program *program, const char *options, const char *eal);
/* The same with `interfaces` in place of the usual ones. */
void program_start_with(
	struct program *program, const char *interfaces, const char *options, const char *eal);
/* Waits at most 20 s until `port` has sent at least `count` packets of the kind. */
void program_wait_sent(struct program *program, unsigned port, enum sent kind, size_t count);
/* Waits at most 20 s until a file of what it says has the text: "out" or "err". */
void program_wait_said(struct program *program, const char *file, const char *text);
/* Waits for its end, after a signal unless it is 0, and reads what it said. */
void program_end(struct program *program, int signal);
/* Ended well: exit status 0, account closed, all buffers back. */
void program_is_clean(const struct program *program);
void program_said(const struct program *program, const char *text);
/* Reads packet `index` of a kind that a port sent; false when there are not so many. */
bool program_sent(const struct program *program, unsigned port, enum sent kind, size_t index,
	struct frame *ret_frame);
size_t program_count_sent(const struct program *program, unsigned port, enum sent kind);
/* Changes an input file after all: cuts it to `size` bytes. */
void program_truncate(struct program *program, unsigned port, off_t size);
void program_remove(struct program *program);

/* --- Frames: as hosts make them --- */

/* The address that DPDK's pcap driver gives to a port, and a host's or router's on that port. */
void frame_port_mac(uint8_t mac[6], unsigned port);
void frame_host_mac(uint8_t mac[6], unsigned port);

/* What the frames below are about; addresses are in host order. */
struct flow {
	uint8_t from_mac[6], to_mac[6];
	uint32_t from, to;
	uint8_t ttl;
};

void frame_arp(struct frame *frame, const struct flow *flow, unsigned operation);
/* UDP with `len` bytes of payload that count up from `first`. */
void frame_udp(
	struct frame *frame, const struct flow *flow, uint16_t port, size_t len, uint8_t first);
void frame_echo(struct frame *frame, const struct flow *flow, bool reply, size_t len);
/* An error about the packet in `about`, of which it quotes `quoted` bytes from its IP header on. */
void frame_icmp_error(struct frame *frame, const struct flow *flow, unsigned type, unsigned code,
	const struct frame *about, size_t quoted);
/* As the next hop makes it of a packet: TTL one less, and these addresses of Ethernet. */
void frame_forward(struct frame *frame, const uint8_t from_mac[6], const uint8_t to_mac[6]);

#endif
