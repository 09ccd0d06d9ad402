/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The figure of merit of RFC 2439 and the suppression that follows from it. failover.c keeps one
 * per uplink. It calls nothing. It guards that figure and suppression are pure functions of the
 * last flap and of the instant: the figure is halved by shifts and between halvings multiplied by
 * tabled roots of one half, and never written back but by a flap, so that rounding cannot add up.
 */
#include "damping.h"
#include "nsec.h"

#include <errno.h>
#include <stddef.h>

#define FIGURE_SHIFT 32
#define STEP_BITS    16 /* a half life is decayed in 2^16 steps */
#define STEPS        (UINT64_C(1) << STEP_BITS)

/* 2^32 x (1/2)^(1/2), (1/2)^(1/4), ... (1/2)^(1/2^16), rounded to nearest. */
static const uint32_t roots[STEP_BITS] = {
	0xb504f334,
	0xd744fccb,
	0xeac0c6e8,
	0xf5257d15,
	0xfa83b2db,
	0xfd3e0c0d,
	0xfe9e115c,
	0xff4ecb59,
	0xffa75652,
	0xffd3a752,
	0xffe9d2b3,
	0xfff4e91c,
	0xfffa747f,
	0xfffd3a3b,
	0xfffe9d1d,
	0xffff4e8e,
};

static uint64_t scale(uint64_t figure, uint32_t root)
{
	return (figure >> 32) * root + ((figure & UINT32_MAX) * root >> 32);
}

/* Within one half life, by the bits of `steps` from the largest down. */
static uint64_t decay_steps(uint64_t figure, uint64_t steps)
{
	for (unsigned bit = 0; bit < STEP_BITS; bit++)
		if (steps & STEPS >> (bit + 1))
			figure = scale(figure, roots[bit]);
	return figure;
}

static uint64_t decay(uint64_t figure, uint64_t span, uint64_t half_life)
{
	uint64_t halvings = span / half_life;

	if (halvings >= 64)
		return 0;
	return decay_steps(figure >> halvings, (span % half_life) * STEPS / half_life);
}

/* The least number of steps that takes `figure`, which lies below 2 x `to`, to `to`. */
static uint64_t steps_until(uint64_t figure, uint64_t to)
{
	uint64_t low = 0, high = STEPS;

	while (low < high) {
		uint64_t middle = (low + high) / 2;

		if (decay_steps(figure, middle) <= to)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static uint64_t span_until(uint64_t figure, uint64_t to, uint64_t half_life)
{
	uint64_t halvings = 0;

	while (figure >> 1 >= to) {
		figure >>= 1;
		halvings++;
	}
	return halvings * half_life + (steps_until(figure, to) * half_life + STEPS - 1) / STEPS;
}

/*
 * The largest figure that is down to reuse after the longest suppression (RFC 2439 section 4.2). As
 * no figure exceeds it, no suppression can last longer.
 */
static uint64_t ceiling_of(const struct damping_config *config)
{
	uint64_t low = 0, high = UINT64_MAX >> 1;
	uint64_t reuse = (uint64_t)config->reuse << FIGURE_SHIFT;

	while (low < high) {
		uint64_t middle = low + (high - low + 1) / 2;

		if (decay(middle, config->max_suppress_nsec, config->half_life_nsec) <= reuse)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

static const char *check(const struct damping_config *config)
{
	if (config->penalty > DAMPING_FIGURE_MAX)
		return "damping: penalty must be at most 1000000";
	if (config->reuse == 0 || config->reuse > DAMPING_FIGURE_MAX)
		return "damping: reuse must be 1 to 1000000";
	if (config->suppress <= config->reuse || config->suppress > DAMPING_FIGURE_MAX)
		return "damping: suppress must be above reuse, at most 1000000";
	if (config->half_life_nsec == 0 || config->half_life_nsec > DAMPING_SPAN_MAX_NSEC)
		return "damping: half life must be 1 ns to one day";
	if (config->max_suppress_nsec == 0 || config->max_suppress_nsec > DAMPING_SPAN_MAX_NSEC)
		return "damping: longest suppression must be 1 ns to one day";
	if (ceiling_of(config) >> FIGURE_SHIFT <= config->suppress)
		return "damping: longest suppression too short ever to suppress";
	return NULL;
}

int damping_init(struct damping *damping, const struct damping_config *config, const char **ret_why)
{
	const char *why = config->penalty ? check(config) : NULL;

	if (why) {
		if (ret_why)
			*ret_why = why;
		return -EINVAL;
	}
	*damping = (struct damping){.config = *config};
	if (config->penalty)
		damping->ceiling = ceiling_of(config);
	return 0;
}

static uint64_t figure_at(const struct damping *damping, uint64_t now)
{
	if (damping->config.penalty == 0)
		return 0;
	return decay(damping->figure, nsec_since(now, damping->stamp_nsec),
		damping->config.half_life_nsec);
}

static void suppress(struct damping *damping, uint64_t now)
{
	const struct damping_config *config = &damping->config;
	uint64_t span = span_until(
		damping->figure, (uint64_t)config->reuse << FIGURE_SHIFT, config->half_life_nsec);

	if (!damping_suppressed(damping, now))
		damping->suppressions++;
	damping->suppressed_until_nsec = nsec_add(damping->stamp_nsec, span);
}

/* Once suppressed, a flap prolongs it even when the figure has fallen below `suppress` since. */
void damping_flap(struct damping *damping, uint64_t now)
{
	const struct damping_config *config = &damping->config;
	uint64_t figure = figure_at(damping, now);

	damping->flaps++;
	if (config->penalty == 0)
		return;
	figure = nsec_earlier(
		figure + ((uint64_t)config->penalty << FIGURE_SHIFT), damping->ceiling);
	damping->stamp_nsec = nsec_later(damping->stamp_nsec, now);
	damping->figure = figure;
	if (figure >> FIGURE_SHIFT >= config->suppress || damping_suppressed(damping, now))
		suppress(damping, now);
}

bool damping_suppressed(const struct damping *damping, uint64_t now)
{
	return now < damping->suppressed_until_nsec;
}

uint64_t damping_reuse_at(const struct damping *damping)
{
	return damping->suppressed_until_nsec;
}

uint32_t damping_figure(const struct damping *damping, uint64_t now)
{
	return (uint32_t)(figure_at(damping, now) >> FIGURE_SHIFT);
}
