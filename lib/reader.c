/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers: a loop's readings for another thread. Owns the memory that the loop copies into, which
 * only the reader's thread makes and grows. Called by that thread; on the loop's, a post that posts
 * itself again copies a chunk a turn (snapshot.c). Invariant: at any time one of the two threads
 * owns the reading, as `state` says: the loop while it is RUNNING or ORPHANED.
 *
 *   IDLE --start--> RUNNING --last chunk--> DONE --take--> IDLE
 *                      |                     '--start, or take when it did not fit--> RUNNING
 *                      '--destroy--> ORPHANED --next chunk--> freed by the loop
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "loop.h"
#include "snapshot.h"

#define FIRST_SIZE 16384 /* of the memory, bytes */

enum state { IDLE, RUNNING, DONE, ORPHANED };

struct gyre_reader {
	struct gyre_post post; /* first: the loop's way back to us */
	struct gyre__reading reading;
	bool begun; /* on the loop's thread */
	struct gyre_reader_options options;
	_Atomic(enum state) state;
	atomic_bool telling; /* the loop is about to call fn, or in it: its last touch ends this */
};

void gyre_reader_options_init(struct gyre_reader_options *options, size_t size)
{
	const struct gyre_reader_options defaults = {.size = sizeof(defaults), .chunk = 16};

	gyre__options_init(options, size, &defaults, sizeof(defaults));
}

/* --- The loop's side --- */

static void reader_free(struct gyre_reader *reader)
{
	free(reader->reading.copy.memory);
	free(reader);
}

static void finish(struct gyre_reader *reader)
{
	enum state running = RUNNING;

	/* Before the state: who sees DONE and destroys the reader waits for it. */
	atomic_store(&reader->telling, true);
	if (!atomic_compare_exchange_strong(&reader->state, &running, DONE)) {
		reader_free(reader);
		return;
	}
	if (reader->options.fn)
		reader->options.fn(reader->options.arg);
	atomic_store(&reader->telling, false);
}

static void chunk_copy(struct gyre_post *post)
{
	struct gyre_reader *reader = (struct gyre_reader *)post;
	struct gyre_loop *loop = reader->reading.loop;
	/* A loop that ends has few turns left. */
	unsigned units = gyre__loop_of(loop)->ending ? UINT_MAX : reader->options.chunk;

	if (atomic_load(&reader->state) == ORPHANED) {
		if (reader->begun)
			gyre__reading_end(&reader->reading);
		reader_free(reader);
		return;
	}
	if (!reader->begun)
		gyre__reading_begin(&reader->reading);
	reader->begun = true;
	if (gyre__reading_go_on(&reader->reading, units))
		finish(reader);
	else
		gyre_loop_post(loop, post);
}

/* --- The reader's side --- */

/* What the loop writes to is there before it does: it shall meet no page fault. */
static int memory_make(struct gyre__copy *copy, size_t size)
{
	char *memory = malloc(size);

	if (!memory)
		return -ENOMEM;
	memset(memory, 0, size);
	free(copy->memory);
	copy->memory = memory;
	copy->size = size;
	return 0;
}

static int options_check(const struct gyre_loop *loop, const struct gyre_reader_options *given,
	struct gyre_reader_options *options)
{
	struct gyre_error *error = NULL;
	int status;

	gyre_reader_options_init(options, sizeof(*options));
	if (given && given->size >= sizeof(*options))
		error = given->error;
	status = gyre__options_copy(
		options, sizeof(*options), given, sizeof(*options), "gyre_reader_options", error);
	if (status < 0)
		return status;
	if (!loop)
		return gyre__error_set(error, -EINVAL, "a reader of no loop");
	if (options->chunk == 0)
		return gyre__error_set(error, -EINVAL, "gyre_reader_options: chunk is 0");
	return 0;
}

int gyre_reader_create(struct gyre_loop *loop, const struct gyre_reader_options *given,
	struct gyre_reader **ret_reader)
{
	struct gyre_reader_options options;
	struct gyre_reader *reader;
	int status = options_check(loop, given, &options);

	if (status < 0)
		return status;
	reader = calloc(1, sizeof(*reader));
	if (!reader || memory_make(&reader->reading.copy, FIRST_SIZE) < 0) {
		free(reader);
		return gyre__error_set(options.error, -ENOMEM, "no memory for a reader");
	}
	reader->post.fn = chunk_copy;
	reader->options = options;
	reader->reading.loop = loop;
	reader->reading.stacks = !options.no_stacks;
	atomic_init(&reader->state, IDLE);
	atomic_init(&reader->telling, false);
	*ret_reader = reader;
	return 0;
}

int gyre_reader_start(struct gyre_reader *reader)
{
	if (atomic_load(&reader->state) == RUNNING)
		return -EBUSY;
	reader->begun = false;
	atomic_store(&reader->state, RUNNING);
	gyre_loop_post(reader->reading.loop, &reader->post);
	return 0;
}

/* With some room for what is added meanwhile. */
static int begin_anew(struct gyre_reader *reader)
{
	size_t used = reader->reading.copy.used;
	int status = memory_make(&reader->reading.copy, used + used / 4);

	if (status < 0)
		return status;
	gyre_reader_start(reader);
	return -EAGAIN;
}

static int snapshot_make(const struct gyre__reading *reading, struct gyre_snapshot **ret_snapshot)
{
	size_t used = reading->copy.used;
	char *memory = malloc(used + 1);

	if (!memory)
		return -ENOMEM;
	memcpy(memory, reading->copy.memory, used);
	return gyre__reading_make(reading, memory, ret_snapshot);
}

int gyre_reader_take(struct gyre_reader *reader, struct gyre_snapshot **ret_snapshot)
{
	enum state state = atomic_load(&reader->state);

	if (state != DONE)
		return state == RUNNING ? -EAGAIN : -ENOENT;
	atomic_store(&reader->state, IDLE);
	if (reader->reading.copy.used > reader->reading.copy.size)
		return begin_anew(reader);
	return snapshot_make(&reader->reading, ret_snapshot);
}

static void told_await(struct gyre_reader *reader)
{
	while (atomic_load(&reader->telling))
		sched_yield();
}

int gyre_reader_destroy(struct gyre_reader *reader)
{
	enum state running = RUNNING;

	if (!reader)
		return 0;
	if (atomic_load(&reader->telling) && gyre__loop_is_mine(reader->reading.loop))
		return -EBUSY;
	told_await(reader); /* once it is orphaned, the loop may free it at any time */
	if (atomic_compare_exchange_strong(&reader->state, &running, ORPHANED))
		return 0;
	told_await(reader);
	reader_free(reader);
	return 0;
}
