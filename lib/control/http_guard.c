/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps libmicrohttpd from ending the program. It calls one function for the whole process when it
 * finds its own state broken, abort() by default, which must not return. Ours jumps out to whoever
 * called libmicrohttpd on this thread; the HTTP server then gives its daemon up. Called by the HTTP
 * server around each such call. Invariant: what panics outside of a guard, another daemon of the
 * program, aborts as it would without us.
 */
#include "control/http_guard.h"

#include <microhttpd.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct guard {
	jmp_buf jump;
	char *reason;
	size_t size;
};

static __thread struct guard *guarding;

static void panic(void *arg, const char *file, unsigned line, const char *reason)
{
	struct guard *guard = guarding;

	(void)arg;
	if (!guard)
		abort();
	guarding = NULL;
	snprintf(guard->reason, guard->size, "%s:%u: %s", file, line, reason ? reason : "");
	guard->reason[strcspn(guard->reason, "\n")] = '\0';
	_longjmp(guard->jump, 1);
}

void gyre__http_guard_install(void)
{
	MHD_set_panic_func(panic, NULL);
}

bool gyre__http_guard(void (*fn)(void *arg), void *arg, char *ret_reason, size_t size)
{
	struct guard guard = {.reason = ret_reason, .size = size};

	if (_setjmp(guard.jump))
		return false;
	guarding = &guard;
	fn(arg);
	guarding = NULL;
	return true;
}
