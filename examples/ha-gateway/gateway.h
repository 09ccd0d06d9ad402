/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway as its nodes and processes see it: interfaces, next hops, what a packet carries with
 * it, the classes of nodes, the account of packets.
 *
 *	rx-<i> -> ethernet-input -> arp-input -> tx-<i>
 *	                         -> ip4-input -> ip4-lookup -> ip4-rewrite -> tx-<i>
 *	                                                    -> ip4-local -> bfd-<i>
 *	                                                                 -> icmp-echo
 *	                                                    -> icmp-error
 *	icmp-echo, icmp-error -> ip4-lookup
 *
 * Everything belongs to the loop's thread. IPv4 addresses are in host order wherever they are in a
 * uint32_t. Interface 0 is the inside, interface 1 + u is uplink u.
 *
 * A packet's data begins with its Ethernet header all the way, and IPv4 follows it at once. A
 *packet of our own enters at ip4-lookup, or, with its next hop decided, at ip4-rewrite: 14 bytes of
 *room in front, and struct packet_meta filled in.
 */
#ifndef HA_GATEWAY_H
#define HA_GATEWAY_H

#include <gyre.h>
#include <gyre/dpdk.h>
#include <rte_ether.h>

#include "ratelimit.h"

#define GATEWAY_INTERFACES_MAX 16
#define GATEWAY_INSIDE         0
#define GATEWAY_NO_INTERFACE   UINT8_MAX /* of a packet that was made here */

struct arp_table;
struct fib;
struct checks;

struct interface {
	char name[16]; /* "inside", "uplink0" */
	uint16_t port; /* DPDK's */
	struct rte_ether_addr mac;
	uint32_t address; /* ours */
	uint8_t prefix_len; /* of the connected subnet */
	uint32_t gateway; /* the router behind an uplink, within the subnet; 0: the inside */
	uint16_t mtu; /* of IPv4 packets */
	bool bfd; /* a session runs here, at node bfd-<i> */
};

static inline uint32_t interface_mask(const struct interface *interface)
{
	return (uint32_t)((uint64_t)UINT32_MAX << (32 - interface->prefix_len));
}

static inline bool interface_covers(const struct interface *interface, uint32_t address)
{
	return ((interface->address ^ address) & interface_mask(interface)) == 0;
}

/* Where routes lead. The table of routes holds indices into gateway->next_hops, so that moving the
 * default route is one assignment to gateway->next_hops[NEXT_HOP_DEFAULT]. */
enum next_hop_kind {
	NEXT_HOP_UNREACHABLE, /* icmp-error: network unreachable */
	NEXT_HOP_IS_LOCAL, /* ip4-local */
	NEXT_HOP_FORWARD, /* ip4-rewrite */
} __attribute__((packed)); /* eight next hops to a line */

struct next_hop {
	enum next_hop_kind kind;
	uint8_t interface;
	uint32_t address; /* of the router; 0: the packet's destination, on a connected subnet */
};

enum next_hop_index {
	NEXT_HOP_NONE, /* what no route matches; always unreachable */
	NEXT_HOP_LOCAL, /* our own addresses */
	NEXT_HOP_DEFAULT, /* 0.0.0.0/0, as the failover process wants it */
	NEXT_HOP_CONNECTED, /* + interface: its subnet */
	NEXT_HOP_COUNT = NEXT_HOP_CONNECTED + GATEWAY_INTERFACES_MAX,
};

/* What a packet carries beside its bytes, in the place of the hash that a port may have given it,
 * of which nothing here makes use: so that a packet on its way through touches one line of its mbuf
 * and one of its data. ethernet-input sets rx and ip4-lookup tx and next_hop; who leads a packet to
 * icmp-error sets the icmp fields. */
struct packet_meta {
	union {
		uint32_t next_hop; /* address to resolve on tx */
		struct {
			uint8_t icmp_type, icmp_code;
			uint16_t icmp_mtu; /* with "fragmentation needed" */
		};
	};
	uint8_t rx; /* interface, or GATEWAY_NO_INTERFACE: ip4-rewrite leaves its TTL alone */
	uint8_t tx; /* interface */
};

static_assert(sizeof(struct packet_meta) <= sizeof(((struct rte_mbuf *)NULL)->hash) &&
		      _Alignof(struct packet_meta) <= _Alignof(uint32_t),
	"it fits into the hash's place");

static inline struct packet_meta *packet_meta(struct rte_mbuf *mbuf)
{
	return (struct packet_meta *)&mbuf->hash;
}

/* rx + made = tx + drops + ended + held: rx, tx and drops are counted by the graph, held is asked
 * of queues, and whoever takes an mbuf from the pool, or frees one outside of a node's drop, says
 * so here. */
struct packet_account {
	uint64_t made; /* by us: ARP, ICMP, BFD */
	uint64_t ended; /* freed by a process: BFD packets taken from a mailbox, say */
};

/* Somebody else's claims to addresses of ours. */
struct arp_conflict {
	uint64_t count;
	uint8_t interface; /* of the last one, and who made it */
	struct rte_ether_addr mac;
};
typedef void arp_conflict_fn(void *arg, const struct arp_conflict *conflict);

struct gateway {
	struct gyre_loop *loop;
	struct rte_mempool *pool; /* of every port, and of packets of our own */
	unsigned n_interfaces;
	struct interface interfaces[GATEWAY_INTERFACES_MAX];
	uint8_t interface_of_port[RTE_MAX_ETHPORTS]; /* by mbuf->port */
	struct next_hop next_hops[NEXT_HOP_COUNT];
	struct fib *fib; /* address -> enum next_hop_index */
	struct arp_table *arp;
	uint64_t arp_timeout_nsec; /* a resolved entry ages after so long */
	bool arp_refresh; /* the routers' entries are renewed before they age */
	struct arp_conflict arp_conflict;
	arp_conflict_fn *arp_conflict_fn; /* called by the ARP process, once a second; or NULL */
	void *arp_conflict_arg;
	struct ratelimit icmp_limit; /* of errors */
	struct packet_account account;

	struct gyre_node_id rx[GATEWAY_INTERFACES_MAX];
	/* Where processes inject. */
	struct gyre_node_id tx[GATEWAY_INTERFACES_MAX]; /* complete frames */
	struct gyre_node_id ip4_rewrite;
	struct gyre_node_id icmp_error;

	struct gyre_process_id arp_process;
	struct checks *checks; /* links, BFD, failover */
};

/* The argument of each class's init. */
struct gateway_node_arg {
	struct gateway *gateway;
};

/* Each is instantiated once, under its own name ("ethernet-input"). Nexts that depend on the
 * interface are NULL in the class and connected by gateway.c: the first of them below, one for each
 * of GATEWAY_INTERFACES_MAX; those of absent interfaces lead to interface 0's, or icmp-error. */
extern const struct gyre_node_class ethernet_input_class;
extern const struct gyre_node_class arp_input_class;
extern const struct gyre_node_class ip4_input_class;
extern const struct gyre_node_class ip4_lookup_class;
extern const struct gyre_node_class ip4_local_class;
extern const struct gyre_node_class ip4_rewrite_class;
extern const struct gyre_node_class icmp_echo_class;
extern const struct gyre_node_class icmp_error_class;

enum { ARP_INPUT_NEXT_TX = 0 };
/* It makes ARP requests, hence lies on no cycle: packets that are too big are ip4-lookup's. */
enum { IP4_REWRITE_NEXT_TX = 0 };
/* Without BFD on the interface its datagrams are like any for a closed port. */
enum { IP4_LOCAL_NEXT_ICMP_ECHO, IP4_LOCAL_NEXT_ICMP_ERROR, IP4_LOCAL_NEXT_BFD };

/* Signalled to the ARP process by nodes: the table's deadline may be nearer; somebody claimed an
 * address of ours. */
#define ARP_EVENT_CHANGED  GYRE_EVENT(0)
#define ARP_EVENT_CONFLICT GYRE_EVENT(1)

/* Ages and renews the entries of gateway->arp, repeats requests, and gives up: what waited for an
 * address that does not answer goes to icmp-error. The argument is the struct gateway. */
int arp_process(struct gyre_process *self, void *arg);

#endif
