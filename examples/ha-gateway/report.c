/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables at the end and on SIGUSR1, and the account of packets. gateway.c calls it, on the loop's
 * thread between two turns' sweeps; it calls gyre's tables and the modules' counters. It guards the
 * equation received + made = sent + dropped + ended + held, of which each term is counted by
 * somebody else than who could lose a packet.
 */
#include "report.h"
#include "arp_table.h"
#include "checks.h"
#include "nsec.h"
#include "value.h"

#include <inttypes.h>
#include <rte_ethdev.h>
#include <string.h>

static uint64_t kept_by(const struct gyre_snapshot *snapshot, const char *format, unsigned i)
{
	const struct gyre_node_stats *node;
	char name[16];

	snprintf(name, sizeof(name), format, i);
	node = gyre_snapshot_find(snapshot, name);
	return node == NULL ? 0 : node->kept;
}

static void add_up(
	struct gateway *gateway, const struct gyre_snapshot *snapshot, struct account *ret_account)
{
	struct account account = {
		.made = gateway->account.made,
		.ended = gateway->account.ended,
		.held = snapshot->inject_waiting,
	};
	struct arp_table_stats arp;
	struct gyre_loop_stats stats;

	arp_table_stats_get(gateway->arp, &arp);
	account.held += arp.held;
	gyre_loop_stats_get(gateway->loop, &stats);
	account.dropped = stats.inject_dropped;
	for (unsigned i = 0; i < snapshot->n_nodes; i++) {
		const struct gyre_node_stats *node = &snapshot->nodes[i];

		account.dropped += node->dropped + node->punted;
		if (node->kind == GYRE_NODE_INPUT)
			account.received += node->items;
	}
	for (unsigned i = 0; i < gateway->n_interfaces; i++) {
		account.sent += kept_by(snapshot, "tx-%u", i);
		account.held += kept_by(snapshot, "bfd-%u", 1 + i) - gateway->checks->bfds[i].taken;
	}
	*ret_account = account;
}

int account_take(struct gateway *gateway, struct account *ret_account)
{
	struct gyre_snapshot *snapshot;
	int err = gyre_snapshot_create(gateway->loop, &snapshot);

	if (err < 0)
		return err;
	add_up(gateway, snapshot, ret_account);
	gyre_snapshot_destroy(snapshot);
	return 0;
}

int64_t account_missing(const struct account *account)
{
	return (int64_t)(account->received + account->made - account->sent - account->dropped -
			 account->ended - account->held);
}

static void write_account(const struct account *account, FILE *out)
{
	int64_t missing = account_missing(account);

	fprintf(out,
		"\nPackets: received %" PRIu64 " + made %" PRIu64 " = sent %" PRIu64
		" + dropped %" PRIu64 " + ended %" PRIu64 " + held %" PRIu64,
		account->received, account->made, account->sent, account->dropped, account->ended,
		account->held);
	if (missing == 0)
		fprintf(out, ": closed\n");
	else
		fprintf(out, " + missing %" PRId64 "\n", missing);
}

/* Which waits ended how late: "below this many nsec: so many waits". */
static void write_lateness(const struct gyre_process_stats *stats, FILE *out)
{
	fprintf(out, "%-20s", stats->name);
	for (unsigned i = 0; i < GYRE_LATENESS_BUCKETS; i++)
		if (stats->late[i] != 0)
			fprintf(out, " %" PRIu64 ":%" PRIu32, UINT64_C(2) << i, stats->late[i]);
	fprintf(out, "\n");
}

static void write_all_lateness(struct gyre_loop *loop, FILE *out)
{
	struct gyre_process_id id = {0};
	struct gyre_process_stats stats;

	fprintf(out, "\n%-20s less than so many nsec:so many waits\n", "Lateness");
	while (gyre_process_next(loop, &id))
		if (gyre_process_stats_get(id, &stats) == 0 && stats.late_count != 0)
			write_lateness(&stats, out);
}

static void write_bfd(const struct bfd_check *check, FILE *out)
{
	const struct bfd_session *session = &check->session;
	char interval[32], detection[32];

	fprintf(out, "%-10s %-9s %10" PRIu64 " %10" PRIu64 " %5" PRIu64 " %5" PRIu64 " %10s %10s\n",
		uplink_interface(check->gateway, check->uplink)->name,
		bfd_state_name(session->state), session->counters.received, session->counters.sent,
		session->counters.times_up, session->counters.times_down,
		value_time_text(bfd_session_tx_interval(session), interval),
		value_time_text(bfd_session_detection_time(session), detection));
	for (unsigned i = 1; i < BFD_DROP_COUNT; i++)
		if (session->counters.drops[i] != 0)
			fprintf(out, "%21" PRIu64 " not taken: %s\n", session->counters.drops[i],
				bfd_drop_name((enum bfd_drop)i));
	if (check->malformed + check->checksum + check->foreign + check->unsent != 0)
		fprintf(out,
			"%21" PRIu64 " malformed, %" PRIu64 " with a bad checksum, %" PRIu64
			" not from the router, %" PRIu64 " not sent\n",
			check->malformed, check->checksum, check->foreign, check->unsent);
}

static void write_uplinks(const struct gateway *gateway, FILE *out)
{
	const struct checks *checks = gateway->checks;
	const struct failover *failover = &checks->failover;

	if (gateway->interfaces[1].bfd)
		fprintf(out, "\n%-10s %-9s %10s %10s %5s %5s %10s %10s\n", "BFD", "State",
			"Received", "Sent", "Up", "Down", "Interval", "Detection");
	for (unsigned u = 0; gateway->interfaces[1].bfd && u + 1 < gateway->n_interfaces; u++)
		write_bfd(&checks->bfds[u], out);
	fprintf(out, "\nRoute: %s, moved %" PRIu64 " times\n",
		failover->active == FAILOVER_NONE ? "none"
						  : gateway->interfaces[1 + failover->active].name,
		failover->moves);
}

/* One that has never answered has no age. */
static void write_neighbour(const struct gateway *gateway, const struct arp_entry *entry, FILE *out)
{
	uint64_t age = nsec_since(gyre_loop_now(gateway->loop), entry->confirmed_nsec);
	char address[16], age_text[32] = "-";

	if (entry->confirmed_nsec)
		snprintf(age_text, sizeof(age_text), "%.1f", (double)age / 1e9);
	fprintf(out, "%-16s %-10s %-11s %02x:%02x:%02x:%02x:%02x:%02x %8s %7u\n",
		value_address_text(entry->address, address),
		gateway->interfaces[entry->interface].name,
		arp_state_name((enum arp_state)entry->state), entry->mac[0], entry->mac[1],
		entry->mac[2], entry->mac[3], entry->mac[4], entry->mac[5], age_text,
		entry->waiting);
}

static void write_arp(const struct gateway *gateway, FILE *out)
{
	const struct arp_entry *entry = NULL;

	fprintf(out, "\n%-16s %-10s %-11s %-17s %8s %7s\n", "ARP", "Interface", "State", "MAC",
		"Age, s", "Waiting");
	while ((entry = arp_table_next(gateway->arp, entry)) != NULL)
		write_neighbour(gateway, entry, out);
}

int report_processes(struct gateway *gateway, FILE *out)
{
	fprintf(out, "\n");
	gyre_process_write_table(gateway->loop, out);
	write_all_lateness(gateway->loop, out);
	write_uplinks(gateway, out);
	write_arp(gateway, out);
	return fflush(out) == 0 && ferror(out) == 0 ? 0 : -EIO;
}

/* As the drivers count: the same packets by somebody else's word. */
static void write_ports(const struct gateway *gateway, FILE *out)
{
	struct rte_eth_stats stats;

	fprintf(out, "\n%-10s %-4s %12s %12s %10s %10s %10s\n", "Interface", "Port", "Received",
		"Sent", "Missed", "No buffer", "Unsent");
	for (unsigned i = 0; i < gateway->n_interfaces; i++) {
		const struct interface *interface = &gateway->interfaces[i];

		if (rte_eth_stats_get(interface->port, &stats) == 0)
			fprintf(out,
				"%-10s %-4u %12" PRIu64 " %12" PRIu64 " %10" PRIu64 " %10" PRIu64
				" %10" PRIu64 "\n",
				interface->name, interface->port, stats.ipackets, stats.opackets,
				stats.imissed, stats.rx_nombuf, stats.oerrors);
	}
}

int report_packets(struct gateway *gateway, FILE *out)
{
	struct gyre_snapshot *snapshot;
	struct account account;
	int err = gyre_snapshot_create(gateway->loop, &snapshot);

	if (err < 0)
		return err;
	add_up(gateway, snapshot, &account);
	fprintf(out, "\n");
	gyre_snapshot_write_runtime(snapshot, NULL, out);
	fprintf(out, "\n");
	gyre_snapshot_write_errors(snapshot, NULL, out);
	write_ports(gateway, out);
	write_account(&account, out);
	gyre_snapshot_destroy(snapshot);
	return fflush(out) == 0 && ferror(out) == 0 ? 0 : -EIO;
}
