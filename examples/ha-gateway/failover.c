/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choice of the active uplink. The gateway's failover process feeds it the checks' words and
 * moves the default route as it says; it calls damping.c. It guards that a working uplink is left
 * for a better one only, and that a choice depends on words and times alone, never on who spoke
 * last: each call brings the uplinks up to date, then chooses afresh.
 */
#include "failover.h"
#include "nsec.h"

#include <errno.h>

static const char *const word_names[] = {
	[FAILOVER_PENDING] = "pending",
	[FAILOVER_UP] = "up",
	[FAILOVER_DOWN] = "down",
	[FAILOVER_ABSTAIN] = "abstain",
};

static const char *const reason_names[] = {
	[FAILOVER_REASON_FIRST] = "first uplink up",
	[FAILOVER_REASON_DOWN] = "uplink down",
	[FAILOVER_REASON_PREFERRED] = "preferred uplink settled",
	[FAILOVER_REASON_SETTLED] = "leaving unsettled uplink",
	[FAILOVER_REASON_ALL_DOWN] = "all uplinks down",
};

const char *failover_word_name(enum failover_word word)
{
	return (unsigned)word <= FAILOVER_ABSTAIN ? word_names[word] : "unknown";
}

const char *failover_reason_name(enum failover_reason reason)
{
	return (unsigned)reason <= FAILOVER_REASON_ALL_DOWN ? reason_names[reason] : "unknown";
}

void failover_config_init(struct failover_config *config, unsigned num_uplinks, unsigned num_checks)
{
	*config = (struct failover_config){
		.num_uplinks = num_uplinks,
		.hold_nsec = 5 * NSEC_PER_SEC,
		.damping = DAMPING_CONFIG_DEFAULT,
	};
	for (unsigned i = 0; i < num_uplinks && i < FAILOVER_MAX_UPLINKS; i++)
		config->num_checks[i] = num_checks;
}

static const char *check_config(const struct failover_config *config)
{
	if (config->num_uplinks < 1 || config->num_uplinks > FAILOVER_MAX_UPLINKS)
		return "failover: number of uplinks must be 1 to 16";
	for (unsigned i = 0; i < config->num_uplinks; i++)
		if (config->num_checks[i] < 1 || config->num_checks[i] > FAILOVER_MAX_CHECKS)
			return "failover: an uplink must have 1 to 8 checks";
	if (config->all_down != FAILOVER_KEEP && config->all_down != FAILOVER_WITHDRAW)
		return "failover: unknown behaviour when all uplinks are down";
	return NULL;
}

int failover_init(
	struct failover *failover, const struct failover_config *config, const char **ret_why)
{
	const char *why = check_config(config);
	struct damping damping;

	if (why) {
		if (ret_why)
			*ret_why = why;
		return -EINVAL;
	}
	if (damping_init(&damping, &config->damping, ret_why) < 0)
		return -EINVAL;
	*failover = (struct failover){
		.num_uplinks = config->num_uplinks,
		.active = FAILOVER_NONE,
		.hold_nsec = config->hold_nsec,
		.stay = config->stay,
		.all_down = config->all_down,
	};
	for (unsigned i = 0; i < config->num_uplinks; i++)
		failover->uplinks[i] = (struct failover_uplink){
			.num_checks = config->num_checks[i],
			.failed_check = FAILOVER_NONE,
			.damping = damping,
		};
	return 0;
}

static bool all_agree(const struct failover_uplink *uplink)
{
	for (unsigned i = 0; i < uplink->num_checks; i++)
		if (uplink->words[i] != FAILOVER_UP && uplink->words[i] != FAILOVER_ABSTAIN)
			return false;
	return true;
}

/* From when on an uplink that is up is settled, if it stays so. */
static uint64_t settles_at(const struct failover *failover, const struct failover_uplink *uplink)
{
	uint64_t held = nsec_add(uplink->up_since_nsec, failover->hold_nsec);
	uint64_t reuse = damping_reuse_at(&uplink->damping);

	if (!uplink->failed)
		return uplink->up_since_nsec;
	return nsec_later(held, reuse);
}

static void settle(struct failover *failover, uint64_t now)
{
	for (unsigned i = 0; i < failover->num_uplinks; i++) {
		struct failover_uplink *uplink = &failover->uplinks[i];

		if (uplink->up && now >= settles_at(failover, uplink))
			uplink->settled = true;
	}
}

/* A first word of DOWN is a failure too, but no flap: nothing was lost. */
static void hear(
	struct failover_uplink *uplink, uint32_t check, enum failover_word word, uint64_t now)
{
	bool was_up = uplink->up;

	uplink->words[check] = word;
	uplink->up = all_agree(uplink);
	if (uplink->up && !was_up)
		uplink->up_since_nsec = now;
	if (word != FAILOVER_DOWN)
		return;
	uplink->failed = true;
	uplink->settled = false;
	if (was_up) {
		uplink->failed_check = check;
		damping_flap(&uplink->damping, now);
	}
}

static uint32_t first_settled(const struct failover *failover)
{
	for (uint32_t i = 0; i < failover->num_uplinks; i++)
		if (failover->uplinks[i].settled)
			return i;
	return FAILOVER_NONE;
}

static uint32_t first_up(const struct failover *failover)
{
	for (uint32_t i = 0; i < failover->num_uplinks; i++)
		if (failover->uplinks[i].up)
			return i;
	return FAILOVER_NONE;
}

/* The active uplink is up: is there a reason to leave it all the same? */
static uint32_t choose_better(const struct failover *failover, enum failover_reason *ret_reason)
{
	uint32_t active = failover->active, best = first_settled(failover);
	bool settled = failover->uplinks[active].settled;

	if (failover->stay || best == FAILOVER_NONE || (settled && best >= active))
		return active;
	*ret_reason = best < active ? FAILOVER_REASON_PREFERRED : FAILOVER_REASON_SETTLED;
	return best;
}

/* There is no active uplink, or it is dead. */
static uint32_t choose_any(const struct failover *failover, enum failover_reason *ret_reason)
{
	uint32_t best = first_settled(failover);

	if (best == FAILOVER_NONE)
		best = first_up(failover);
	*ret_reason = FAILOVER_REASON_DOWN;
	if (failover->active == FAILOVER_NONE)
		*ret_reason = FAILOVER_REASON_FIRST;
	else if (best == FAILOVER_NONE)
		*ret_reason = FAILOVER_REASON_ALL_DOWN;
	if (best == FAILOVER_NONE && failover->all_down == FAILOVER_KEEP)
		return failover->active;
	return best;
}

static int choose(struct failover *failover, uint64_t now, struct failover_move *ret_move)
{
	uint32_t from = failover->active, to;
	enum failover_reason reason = FAILOVER_REASON_FIRST;

	settle(failover, now);
	if (from != FAILOVER_NONE && failover->uplinks[from].up)
		to = choose_better(failover, &reason);
	else
		to = choose_any(failover, &reason);
	if (to == from)
		return 0;
	*ret_move = (struct failover_move){
		.from = from,
		.to = to,
		.reason = reason,
		.check = FAILOVER_NONE,
		.at_nsec = now,
	};
	if (reason == FAILOVER_REASON_DOWN || reason == FAILOVER_REASON_ALL_DOWN)
		ret_move->check = failover->uplinks[from].failed_check;
	failover->active = to;
	failover->moves++;
	return 1;
}

int failover_report(struct failover *failover, uint32_t uplink, uint32_t check,
	enum failover_word word, uint64_t now, struct failover_move *ret_move)
{
	if (uplink >= failover->num_uplinks || check >= failover->uplinks[uplink].num_checks)
		return -EINVAL;
	if (word != FAILOVER_UP && word != FAILOVER_DOWN && word != FAILOVER_ABSTAIN)
		return -EINVAL;
	hear(&failover->uplinks[uplink], check, word, now);
	return choose(failover, now, ret_move);
}

int failover_advance(struct failover *failover, uint64_t now, struct failover_move *ret_move)
{
	return choose(failover, now, ret_move);
}

uint64_t failover_deadline(const struct failover *failover)
{
	uint64_t deadline = NSEC_NEVER;

	for (unsigned i = 0; i < failover->num_uplinks; i++) {
		const struct failover_uplink *uplink = &failover->uplinks[i];

		if (uplink->up && !uplink->settled)
			deadline = nsec_earlier(deadline, settles_at(failover, uplink));
	}
	return deadline;
}
