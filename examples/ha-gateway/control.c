/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control side: gyre's own readings, and two methods of the gateway's. gateway.c starts and
 * stops it; the methods run in processes on the loop, where they read what the loop's thread owns.
 * It guards that the thread which serves clients does not run where packets are forwarded.
 */
#define _GNU_SOURCE
#include "control.h"
#include "arp_table.h"
#include "checks.h"
#include "log.h"
#include "nsec.h"
#include "report.h"
#include "value.h"

#include <gyre/control.h>
#include <jansson.h>
#include <pthread.h>
#include <rte_lcore.h>

#define NEIGHBOURS_MAX 4096

/* --- gateway.status: the route, the uplinks' checks, the account of packets --- */

static json_t *bfd_json(const struct bfd_session *session)
{
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "state",
		bfd_state_name(session->state), "received", (json_int_t)session->counters.received,
		"sent", (json_int_t)session->counters.sent, "times_up",
		(json_int_t)session->counters.times_up, "times_down",
		(json_int_t)session->counters.times_down, "interval_nsec",
		(json_int_t)bfd_session_tx_interval(session), "detection_nsec",
		(json_int_t)bfd_session_detection_time(session));
}

static json_t *uplink_json(struct gateway *gateway, unsigned uplink)
{
	const struct interface *interface = uplink_interface(gateway, uplink);
	char router[16];

	return json_pack("{s:s, s:i, s:s, s:o*}", "name", interface->name, "port", interface->port,
		"router", value_address_text(interface->gateway, router), "bfd",
		interface->bfd ? bfd_json(&gateway->checks->bfds[uplink].session) : NULL);
}

static json_t *uplinks_json(struct gateway *gateway)
{
	json_t *uplinks = json_array();

	for (unsigned u = 0; u + 1 < gateway->n_interfaces; u++)
		json_array_append_new(uplinks, uplink_json(gateway, u));
	return uplinks;
}

static json_t *account_json(const struct account *account)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "received",
		(json_int_t)account->received, "made", (json_int_t)account->made, "sent",
		(json_int_t)account->sent, "dropped", (json_int_t)account->dropped, "ended",
		(json_int_t)account->ended, "held", (json_int_t)account->held, "missing",
		(json_int_t)account_missing(account));
}

static int status(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	struct gateway *gateway = arg;
	const struct failover *failover = &gateway->checks->failover;
	struct account account;
	int err = account_take(gateway, &account);

	if (err < 0)
		return err;
	gyre_control_call_result(
		call, json_pack("{s:s?, s:I, s:o, s:o}", "route",
			      failover->active == FAILOVER_NONE
				      ? NULL
				      : uplink_interface(gateway, failover->active)->name,
			      "moves", (json_int_t)failover->moves, "uplinks",
			      uplinks_json(gateway), "packets", account_json(&account)));
	return 0;
}

/* --- gateway.neighbours: the ARP table --- */

/* One that has never answered has neither address nor age. */
static json_t *neighbour_json(const struct gateway *gateway, const struct arp_entry *entry)
{
	uint64_t age = nsec_since(gyre_loop_now(gateway->loop), entry->confirmed_nsec);
	char address[16], mac[18];

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", entry->mac[0], entry->mac[1],
		entry->mac[2], entry->mac[3], entry->mac[4], entry->mac[5]);
	return json_pack("{s:s, s:s, s:s, s:s?, s:o, s:i}", "address",
		value_address_text(entry->address, address), "interface",
		gateway->interfaces[entry->interface].name, "state",
		arp_state_name((enum arp_state)entry->state), "mac",
		entry->confirmed_nsec ? mac : NULL, "age_nsec",
		entry->confirmed_nsec ? json_integer((json_int_t)age) : json_null(), "waiting",
		(int)entry->waiting);
}

static bool on_interface(
	const struct gateway *gateway, const struct arp_entry *entry, const char *name)
{
	return name == NULL || strcmp(gateway->interfaces[entry->interface].name, name) == 0;
}

static bool is_interface(const struct gateway *gateway, const char *name)
{
	for (unsigned i = 0; i < gateway->n_interfaces; i++)
		if (strcmp(gateway->interfaces[i].name, name) == 0)
			return true;
	return false;
}

static int neighbours(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	const struct gateway *gateway = arg;
	const char *interface = gyre_control_call_string(call, "interface");
	int64_t max = gyre_control_call_integer(call, "max");
	const struct arp_entry *entry = NULL;
	json_t *list;

	if (interface != NULL && !is_interface(gateway, interface)) {
		gyre_control_call_error(call, "interface: there is no '%.32s'", interface);
		return -ENOENT;
	}
	max = max == 0 ? NEIGHBOURS_MAX : max;
	list = json_array();
	while (max > 0 && (entry = arp_table_next(gateway->arp, entry)) != NULL)
		if (on_interface(gateway, entry, interface)) {
			json_array_append_new(list, neighbour_json(gateway, entry));
			max--;
		}
	gyre_control_call_result(call, json_pack("{s:o}", "neighbours", list));
	return 0;
}

static const struct gyre_control_param neighbours_params[] = {
	{"interface", GYRE_PARAM_STRING, false, 1, 15, "inside, uplink0 and so on; all of them"},
	{"max", GYRE_PARAM_INTEGER, false, 1, NEIGHBOURS_MAX, "so many at most"},
};

static const struct gyre_control_method methods[] = {
	{"gateway.status", "The route, the uplinks' checks and the account of packets", NULL, 0,
		status},
	{"gateway.neighbours", "The ARP table", neighbours_params, RTE_DIM(neighbours_params),
		neighbours},
};

/* --- Life --- */

static int serve(struct gyre_control *control, struct gateway *gateway)
{
	struct gyre_error error = {.text = ""};
	int err = gyre_control_loop_add(control, gateway->loop, &error);

	if (err < 0)
		log_fault("control: %s", error.text);
	for (unsigned i = 0; err == 0 && i < RTE_DIM(methods); i++) {
		err = gyre_control_method_add(control, gateway->loop, &methods[i], gateway);
		if (err < 0)
			log_fault("control: method %s: %s", methods[i].name, strerror(-err));
	}
	return err;
}

static int create(const struct options *options, struct gyre_control **ret_control)
{
	struct gyre_control_options control = GYRE_CONTROL_OPTIONS_INIT;
	struct gyre_error error = {.text = ""};
	int err;

	control.path = options->control;
	control.http = options->http;
	control.log = log_library;
	control.error = &error;
	err = gyre_control_create(&control, ret_control);
	if (err < 0)
		log_fault("control: %s", error.text);
	return err;
}

/* A thread inherits the CPUs of who makes it. */
static int create_elsewhere(const struct options *options, struct gyre_control **ret_control)
{
	rte_cpuset_t before, ours = rte_lcore_cpuset(rte_get_main_lcore()), others;
	int err;

	if (pthread_getaffinity_np(pthread_self(), sizeof(before), &before) != 0)
		return create(options, ret_control);
	CPU_XOR(&others, &before, &ours);
	CPU_AND(&others, &others, &before);
	if (CPU_COUNT(&others) > 0)
		pthread_setaffinity_np(pthread_self(), sizeof(others), &others);
	err = create(options, ret_control);
	pthread_setaffinity_np(pthread_self(), sizeof(before), &before);
	return err;
}

int control_start(
	struct gateway *gateway, const struct options *options, struct gyre_control **ret_control)
{
	struct gyre_control *control;
	int err;

	if (options->control == NULL && options->http == NULL)
		return 0;
	err = create_elsewhere(options, &control);
	if (err < 0)
		return err;
	err = serve(control, gateway);
	if (err < 0) {
		control_stop(control, gateway);
		return err;
	}
	if (options->http != NULL)
		log_event("HTTP on port %u", gyre_control_http_port(control));
	*ret_control = control;
	return 0;
}

void control_stop(struct gyre_control *control, struct gateway *gateway)
{
	if (control == NULL)
		return;
	gyre_control_loop_del(control, gateway->loop);
	gyre_control_destroy(control);
}
