/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moves the default route: at once on a check's word, and in a process of its own when time brings
 * it about (hold, damping). The checks' processes call failover_say(); it calls failover.c. It
 * guards that the route that packets take is the one that the failover module decided for.
 */
#include "checks.h"
#include "log.h"

#include <stdio.h>
#include <string.h>

#define EVENT_WORD GYRE_EVENT(0) /* deadlines may have changed */

static const char *const check_names[] = {"link", "bfd"};

static const char *name_of(struct gateway *gateway, uint32_t uplink)
{
	return uplink == FAILOVER_NONE ? "none" : uplink_interface(gateway, uplink)->name;
}

/* "(bfd down: control detection time expired)", "(preferred uplink is settled)" */
static void log_move(struct gateway *gateway, const struct failover_move *move)
{
	const char *from = name_of(gateway, move->from), *to = name_of(gateway, move->to);

	if (move->reason == FAILOVER_REASON_DOWN || move->reason == FAILOVER_REASON_ALL_DOWN)
		log_event("route %s -> %s (%s down: %s)", from, to, check_names[move->check],
			gateway->checks->why[move->from][move->check]);
	else
		log_event("route %s -> %s (%s)", from, to, failover_reason_name(move->reason));
}

static void apply(struct gateway *gateway, const struct failover_move *move)
{
	struct next_hop *route = &gateway->next_hops[NEXT_HOP_DEFAULT];

	if (move->to == FAILOVER_NONE)
		*route = (struct next_hop){.kind = NEXT_HOP_UNREACHABLE};
	else
		*route = (struct next_hop){
			.kind = NEXT_HOP_FORWARD,
			.interface = (uint8_t)(1 + move->to),
			.address = uplink_interface(gateway, move->to)->gateway,
		};
	log_move(gateway, move);
}

void failover_say(struct gateway *gateway, unsigned uplink, enum check check,
	enum failover_word word, const char *why)
{
	struct checks *checks = gateway->checks;
	struct failover_move move;

	checks->why[uplink][check] = why;
	if (failover_report(&checks->failover, uplink, check, word, gyre_loop_clock(gateway->loop),
		    &move) == 1)
		apply(gateway, &move);
	/* At the end of the program it may have ended before the others. */
	gyre_process_signal(checks->failover_process, EVENT_WORD);
}

static int failover_process(struct gyre_process *self, void *arg)
{
	struct gateway *gateway = arg;
	struct failover *failover = &gateway->checks->failover;
	struct failover_move move;
	uint32_t events;

	while (gyre_process_wait(self, EVENT_WORD, failover_deadline(failover), &events) !=
		-ECANCELED)
		if (failover_advance(failover, gyre_loop_clock(gateway->loop), &move) == 1)
			apply(gateway, &move);
	return 0;
}

static int failover_configure(struct gateway *gateway, const struct options *options)
{
	struct failover_config config;
	const char *why;

	failover_config_init(&config, options->n_uplinks, options->bfd ? CHECK_COUNT : 1);
	config.hold_nsec = options->hold_nsec;
	config.stay = !options->revert;
	config.all_down = options->withdraw ? FAILOVER_WITHDRAW : FAILOVER_KEEP;
	if (!options->damping)
		config.damping.penalty = 0;
	if (failover_init(&gateway->checks->failover, &config, &why) < 0) {
		log_fault("failover: %s", why);
		return -EINVAL;
	}
	return 0;
}

int failover_start(struct gateway *gateway, const struct options *options)
{
	struct gyre_process_options process = GYRE_PROCESS_OPTIONS_INIT;
	struct gyre_error error = {.text = ""};
	int err;

	if (failover_configure(gateway, options) < 0)
		return -EINVAL;
	process.name = "failover";
	process.joinable = true;
	process.error = &error;
	err = gyre_process_spawn(gateway->loop, failover_process, gateway, &process,
		&gateway->checks->failover_process);
	if (err < 0)
		log_fault("failover: %s", error.text);
	return err;
}
