/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of a loop: their defaults and their bounds, in one table. Called by
 * gyre_loop_create(). Invariant: options that passed the check are within the bounds that
 * include/gyre/loop.h states, so that no other file looks at them again.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "loop.h"

static const struct gyre_loop_options defaults = {
	.size = sizeof(struct gyre_loop_options),
	.name = "gyre",
	.log_level = GYRE_LOG_DEBUG,
	.vector = 64,
	.hop_budget = 16,
	.sample_period = 256,
	.node_stats = true,
	.inject_max = 1024,
	.stack_size = 65536,
	.process_max = 65536,
	.process_accounts = true,
	.poll_interval = 64,
	.post_budget = 256,
	.timer_budget = 128,
	.dispatch_budget = 65536,
	.process_budget = GYRE_MSEC(1),
};

#define FIELD(field) #field, offsetof(struct gyre_loop_options, field), sizeof(defaults.field)

static const struct bound {
	const char *name;
	size_t offset, width;
	uint64_t least, most;
} bounds[] = {
	{FIELD(log_level), 0, GYRE_LOG_DEBUG},
	{FIELD(vector), 1, GYRE_VECTOR_MAX},
	{FIELD(hop_budget), 1, 255},
	{FIELD(sample_period), 0, UINT32_MAX},
	{FIELD(inject_max), 1, 65536},
	{FIELD(stack_size), 16384, 64 << 20},
	{FIELD(process_max), 1, 1 << 20},
	{FIELD(poll_interval), 1, UINT32_MAX},
	{FIELD(post_budget), 1, UINT32_MAX},
	{FIELD(timer_budget), 1, UINT32_MAX},
	{FIELD(dispatch_budget), 1, UINT32_MAX},
	{FIELD(process_budget), 1000, UINT64_MAX},
};

void gyre_loop_options_init(struct gyre_loop_options *options, size_t size)
{
	gyre__options_init(options, size, &defaults, sizeof(defaults));
}

static uint64_t value_of(const struct gyre_loop_options *options, const struct bound *bound)
{
	const char *field = (const char *)options + bound->offset;
	uint32_t narrow;
	uint64_t wide;

	if (bound->width == sizeof(narrow)) {
		memcpy(&narrow, field, sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, field, sizeof(wide));
	return wide;
}

int gyre__loop_options_check(
	const struct gyre_loop_options *given, struct gyre_loop_options *ret_options)
{
	struct gyre_loop_options options = defaults;
	struct gyre_error *error = NULL;
	int status;

	if (given && given->size >= offsetof(struct gyre_loop_options, error) + sizeof(error))
		error = given->error;
	status = gyre__options_copy(
		&options, sizeof(options), given, sizeof(options), "gyre_loop_options", error);
	if (status < 0)
		return status;
	if (!options.name)
		return gyre__error_set(error, -EINVAL, "gyre_loop_options: name is NULL");
	for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++) {
		uint64_t value = value_of(&options, &bounds[i]);

		if (value < bounds[i].least || value > bounds[i].most)
			return gyre__error_set(error, -EINVAL,
				"gyre_loop_options: %s is %" PRIu64 ", not from %" PRIu64
				" to %" PRIu64,
				bounds[i].name, value, bounds[i].least, bounds[i].most);
	}
	*ret_options = options;
	return 0;
}
