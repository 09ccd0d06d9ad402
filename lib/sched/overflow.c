/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose stack overflowed: maps a fault's address to the process whose guard it hit. Owns the list
 * of all schedulers of this program. Called when schedulers come and go, and by the application's
 * handler of SIGSEGV; calls nothing. Invariant: the lookup takes no lock and allocates nothing, so
 * that it may run in a signal handler, and no scheduler is freed while one looks.
 */
#include <sched.h>

#include "sched/process.h"

/* Writers take `writing` in turn; readers are counted, and waited for before one is freed. */
static struct gyre__sched *_Atomic registry;
static _Atomic(bool) writing;
static _Atomic(unsigned) readers;

static void write_begin(void)
{
	while (atomic_exchange(&writing, true))
		sched_yield();
}

static void write_end(void)
{
	atomic_store(&writing, false);
}

void gyre__overflow_register(struct gyre__sched *sched)
{
	write_begin();
	atomic_store(&sched->next, atomic_load(&registry));
	atomic_store(&registry, sched);
	write_end();
}

void gyre__overflow_unregister(struct gyre__sched *sched)
{
	struct gyre__sched *_Atomic *link = &registry, *at;

	write_begin();
	while ((at = atomic_load(link)) != sched)
		link = &at->next;
	atomic_store(link, atomic_load(&sched->next));
	write_end();
	while (atomic_load(&readers))
		sched_yield();
}

static const char *search(const struct gyre__sched *sched, uintptr_t address)
{
	const struct gyre_process *process;

	for (uint32_t i = 0; (process = gyre__table_at(&sched->table, i)); i++) {
		uintptr_t low = __atomic_load_n(&process->stack_low, __ATOMIC_RELAXED);

		if (low && address < low && low - address <= GYRE__GUARD_SIZE)
			return process->name;
	}
	return NULL;
}

const char *gyre_process_overflow(const void *address)
{
	const struct gyre__sched *sched;
	const char *name = NULL;

	atomic_fetch_add(&readers, 1);
	for (sched = atomic_load(&registry); sched && !name; sched = atomic_load(&sched->next))
		name = search(sched, (uintptr_t)address);
	atomic_fetch_sub(&readers, 1);
	return name;
}
