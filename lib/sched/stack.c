/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guarded stacks: chunks of equal slots by size class, each slot a guard with a stack above it, and
 * a LIFO list of unused slots that lies elsewhere. Owned by the scheduler's pool, called by
 * process.c, calls the kernel. Invariant: no stack is handed out without a guard below it, of a
 * kind that was seen to fault in this process.
 */
#include "sched/stack.h"

#include "base/error.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef HAVE_VALGRIND
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(low, high) 0
#define VALGRIND_STACK_DEREGISTER(id)      (void)(id)
#define RUNNING_ON_VALGRIND                0
#define VALGRIND_DISABLE_ERROR_REPORTING   (void)0
#define VALGRIND_ENABLE_ERROR_REPORTING    (void)0
#endif

#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#endif

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

/*
 * A chunk of a class:
 *
 *   base -> | guard | stack 0      | guard | stack 1      | guard | ...
 *                   low -> ... top |       low -> ... top - 64 |
 *
 * The guard is 64 KiB, as wide as the largest frame that code without stack probes is expected to
 * have (gyre itself is compiled with them); made by madvise it costs 16 entries of a page table.
 * Tops are staggered, else all stacks' hot lines would compete for the same cache sets.
 */
enum {
	GUARD_SIZE = GYRE__GUARD_SIZE,
	CLASS_MIN_SHIFT = 14, /* 16 KiB */
	CLASS_COUNT = 13, /* to 64 MiB, by powers of two */
	STAGGER_LINES = 32,
	CHUNK_MIN = 64, /* stacks */
	CHUNK_MAX = 1024,
	CHUNK_BYTES_MAX = 256 << 20,
	KEEP_SIZE = 8 << 10, /* what an unused stack may hold on to */
	UNTRIMMED_BYTES = 16 << 20, /* unused stacks of a class may hold so much in all */
	TRIM_BATCH = 32,
};

struct slot {
	char *low;
	size_t size;
};

struct chunk {
	struct chunk *next;
	char *base;
	size_t bytes;
};

struct class
{
	struct slot *unused; /* the last is the next to go; room for every slot of the class */
	unsigned unused_count, trimmed_count; /* the first ones are known to be trimmed */
	unsigned slot_count;
	char *fresh; /* slots of the newest chunk that have no guard yet */
	unsigned fresh_count;
	size_t bytes; /* of a stack without its guard */
};

struct gyre__stacks {
	struct class classes[CLASS_COUNT];
	struct chunk *chunks;
	size_t page;
	enum gyre__guard guard;
	bool guard_fallback; /* mprotect may be tried where madvise fails */
	bool on_valgrind; /* which then is told of stacks */
};

static int guard_install(char *at, enum gyre__guard guard)
{
	int rc = guard == GYRE__GUARD_MADVISE ? madvise(at, GUARD_SIZE, MADV_GUARD_INSTALL)
					      : mprotect(at, GUARD_SIZE, PROT_NONE);

	return rc < 0 ? -errno : 0;
}

/* 1: the kernel could read the byte, 0: it faulted. */
static int byte_readable(const int *pipe_fds, const char *byte)
{
	ssize_t n;

	VALGRIND_DISABLE_ERROR_REPORTING;
	n = write(pipe_fds[1], byte, 1);
	VALGRIND_ENABLE_ERROR_REPORTING;
	if (n < 0)
		return errno == EFAULT ? 0 : -errno;
	return 1;
}

/* A kernel, or an emulator, may accept a guard and not make it. */
static int guard_prove_at(char *at, enum gyre__guard guard, const int *pipe_fds)
{
	int rc = guard_install(at, guard);

	if (rc < 0)
		return -ENOTSUP;
	if (byte_readable(pipe_fds, at + GUARD_SIZE) != 1)
		return -ENOTSUP;
	if (byte_readable(pipe_fds, at) != 0 || byte_readable(pipe_fds, at + GUARD_SIZE - 1) != 0)
		return -ENOTSUP;
	return 0;
}

static int guard_prove(enum gyre__guard guard)
{
	int pipe_fds[2], rc;
	char *at;

	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	at = mmap(NULL, 2 * GUARD_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED) {
		rc = -ENOMEM;
	} else {
		rc = guard_prove_at(at, guard, pipe_fds);
		munmap(at, 2 * GUARD_SIZE);
	}
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return rc;
}

int gyre__stacks_create_guard(enum gyre__guard guard, struct gyre__stacks **ret_stacks)
{
	struct gyre__stacks *stacks;
	int rc;

	assert(guard != GYRE__GUARD_AUTO);
	rc = guard_prove(guard);
	if (rc < 0)
		return rc;
	stacks = calloc(1, sizeof(*stacks));
	if (!stacks)
		return -ENOMEM;
	stacks->guard = guard;
	stacks->on_valgrind = RUNNING_ON_VALGRIND;
	stacks->page = (size_t)sysconf(_SC_PAGESIZE);
	/* One page more than asked for: the stagger takes of it. */
	for (int i = 0; i < CLASS_COUNT; i++)
		stacks->classes[i].bytes = ((size_t)1 << (CLASS_MIN_SHIFT + i)) + stacks->page;
	*ret_stacks = stacks;
	return 0;
}

int gyre__stacks_create(struct gyre__stacks **ret_stacks)
{
	int rc = gyre__stacks_create_guard(GYRE__GUARD_MADVISE, ret_stacks);

	if (rc == -ENOTSUP)
		return gyre__stacks_create_guard(GYRE__GUARD_MPROTECT, ret_stacks);
	if (rc == 0)
		(*ret_stacks)->guard_fallback = true;
	return rc;
}

void gyre__stacks_destroy(struct gyre__stacks *stacks)
{
	struct chunk *chunk, *next;

	if (!stacks)
		return;
	for (chunk = stacks->chunks; chunk; chunk = next) {
		next = chunk->next;
		munmap(chunk->base, chunk->bytes);
		free(chunk);
	}
	for (int i = 0; i < CLASS_COUNT; i++)
		free(stacks->classes[i].unused);
	free(stacks);
}

enum gyre__guard gyre__stacks_guard(const struct gyre__stacks *stacks)
{
	return stacks->guard;
}

static size_t class_stride(const struct class *class)
{
	return GUARD_SIZE + class->bytes;
}

/* As many slots as the class has, within bounds; fewer where address space is scarce. */
static char *chunk_map(const struct class *class, unsigned *ret_count)
{
	size_t stride = class_stride(class), count = class->slot_count;
	char *base = MAP_FAILED;

	if (count < CHUNK_MIN)
		count = CHUNK_MIN;
	if (count > CHUNK_MAX)
		count = CHUNK_MAX;
	if (count > CHUNK_BYTES_MAX / stride)
		count = CHUNK_BYTES_MAX / stride;
	for (; count > 0 && base == MAP_FAILED; count /= 2) {
		*ret_count = (unsigned)count;
		base = mmap(NULL, count * stride, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	}
	return base;
}

static int class_grow(struct gyre__stacks *stacks, struct class *class, struct gyre_error *error)
{
	struct chunk *chunk = malloc(sizeof(*chunk));
	unsigned count = 0;
	struct slot *unused;
	char *base;

	base = chunk ? chunk_map(class, &count) : MAP_FAILED;
	if (base == MAP_FAILED)
		goto fail;
	unused = realloc(class->unused, (class->slot_count + count) * sizeof(*unused));
	if (!unused)
		goto fail_map;
	class->unused = unused;
	*chunk = (struct chunk){stacks->chunks, base, count * class_stride(class)};
	stacks->chunks = chunk;
	/* A huge page would make every idle stack resident. Kernels without them say -EINVAL. */
	madvise(base, chunk->bytes, MADV_NOHUGEPAGE);
	class->slot_count += count;
	class->fresh = base;
	class->fresh_count = count;
	return 0;
fail_map:
	munmap(base, count * class_stride(class));
fail:
	free(chunk);
	return gyre__error_set(error, -ENOMEM,
		"no memory for a stack of %zu bytes: see ulimit -v and vm.overcommit_memory",
		class->bytes);
}

/* Makes the next fresh slot usable. */
static int class_carve(struct gyre__stacks *stacks, struct class *class, struct gyre_error *error)
{
	unsigned index = class->slot_count - class->fresh_count;
	int rc = guard_install(class->fresh, stacks->guard);

	/* Of locked memory, for instance, madvise makes no guard. */
	if (rc < 0 && stacks->guard_fallback)
		rc = guard_install(class->fresh, GYRE__GUARD_MPROTECT);
	if (rc < 0)
		return gyre__error_set(error, -ENOMEM,
			"no guard page below stack %u: %s (each mprotect takes two map entries "
			"of vm.max_map_count)",
			index, strerror(-rc));
	class->unused[class->unused_count++] = (struct slot){
		.low = class->fresh + GUARD_SIZE,
		.size = class->bytes - index % STAGGER_LINES * 64,
	};
	class->fresh += class_stride(class);
	class->fresh_count--;
	return 0;
}

static int class_refill(struct gyre__stacks *stacks, struct class *class, struct gyre_error *error)
{
	int rc = class->fresh_count ? 0 : class_grow(stacks, class, error);

	return rc < 0 ? rc : class_carve(stacks, class, error);
}

static unsigned class_of(size_t size)
{
	if (size <= (size_t)1 << CLASS_MIN_SHIFT)
		return 0;
	return 64 - (unsigned)__builtin_clzll(size - 1) - CLASS_MIN_SHIFT;
}

/* Apart, as what else is seldom, so that to get or put a stack saves no registers. */
static __attribute__((noinline)) void valgrind_tell(struct gyre__stack *stack, bool used)
{
	if (used)
		stack->valgrind_id =
			VALGRIND_STACK_REGISTER(stack->low, (char *)stack->low + stack->size);
	else
		VALGRIND_STACK_DEREGISTER(stack->valgrind_id);
}

/* What the tools must know of a stack that is in use. LeakSanitizer looks for pointers in it, and
 * AddressSanitizer forgets the frames of its last user, which never returned. */
static inline void tools_tell(
	const struct gyre__stacks *stacks, struct gyre__stack *stack, bool used)
{
#ifdef HAVE_ASAN
	__asan_unpoison_memory_region(stack->low, stack->size);
	if (used)
		__lsan_register_root_region(stack->low, stack->size);
	else
		__lsan_unregister_root_region(stack->low, stack->size);
#endif
	if (__builtin_expect(stacks->on_valgrind, 0))
		valgrind_tell(stack, used);
}

/* Of a class that has an unused slot. */
static inline int take(struct gyre__stacks *stacks, unsigned index, struct gyre__stack *ret_stack)
{
	struct class *class = &stacks->classes[index];
	const struct slot *slot = &class->unused[--class->unused_count];

	if (class->trimmed_count > class->unused_count)
		class->trimmed_count = class->unused_count;
	ret_stack->low = slot->low;
	ret_stack->size = slot->size;
	ret_stack->class = index;
	tools_tell(stacks, ret_stack, true);
	return 0;
}

static __attribute__((noinline)) int take_new(struct gyre__stacks *stacks, unsigned index,
	struct gyre_error *error, struct gyre__stack *ret_stack)
{
	int rc = class_refill(stacks, &stacks->classes[index], error);

	return rc < 0 ? rc : take(stacks, index, ret_stack);
}

int gyre__stack_get(struct gyre__stacks *stacks, size_t size, struct gyre_error *error,
	struct gyre__stack *ret_stack)
{
	unsigned index = class_of(size);

	if (index >= CLASS_COUNT)
		return gyre__error_set(
			error, -EINVAL, "a stack of %zu bytes is above 64 MiB", size);
	if (__builtin_expect(!stacks->classes[index].unused_count, 0))
		return take_new(stacks, index, error, ret_stack);
	return take(stacks, index, ret_stack);
}

/* Pages present, lowest first, 256 at a time; the first one found ends the search. */
size_t gyre__stack_used(const struct gyre__stack *stack)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t pages = (stack->size + page - 1) / page;
	unsigned char present[256];

	for (size_t at = 0; at < pages; at += sizeof(present)) {
		size_t n = pages - at < sizeof(present) ? pages - at : sizeof(present);

		if (mincore((char *)stack->low + at * page, n * page, present) < 0)
			return 0;
		for (size_t i = 0; i < n; i++)
			if (present[i] & 1)
				return (pages - at - i) * page;
	}
	return 0;
}

/* To ask whether there is anything to give back (mincore) takes twice as long as to give nothing.
 */
static __attribute__((noinline)) void class_trim(struct class *class, unsigned most)
{
	for (; most > 0 && class->trimmed_count < class->unused_count; most--) {
		const struct slot *slot = &class->unused[class->trimmed_count++];

		madvise(slot->low, class->bytes - KEEP_SIZE, MADV_DONTNEED);
	}
}

void gyre__stack_put(struct gyre__stacks *stacks, struct gyre__stack *stack)
{
	struct class *class = &stacks->classes[stack->class];

	assert(class->unused_count < class->slot_count);
	tools_tell(stacks, stack, false);
	class->unused[class->unused_count++] = (struct slot){stack->low, stack->size};
	/* The most recent ones stay as they are: they are the next to be used. */
	if ((class->unused_count - class->trimmed_count) * class->bytes > UNTRIMMED_BYTES)
		class_trim(class, TRIM_BATCH);
	stack->low = NULL;
}

unsigned gyre__stacks_trim(struct gyre__stacks *stacks)
{
	unsigned looked = 0;

	for (int i = 0; i < CLASS_COUNT; i++) {
		looked += stacks->classes[i].unused_count - stacks->classes[i].trimmed_count;
		class_trim(&stacks->classes[i], UINT32_MAX);
	}
	return looked;
}
