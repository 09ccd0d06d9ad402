/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time for the timer benchmark: this program's own clock_gettime and epoll_wait stand before the C
 * library's, for the shared libraries, too. While time is faked a reading is what the benchmark set
 * and a look at epoll finds nothing: so a minute passes in a second, the same for all, and a peer
 * is not charged for system calls. Owns the faked time. Invariant: unless it is faked, everything
 * is as the C library has it.
 */
#include "timer.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#define STANDS_BEFORE __attribute__((visibility("default")))

uint64_t timer_time = UINT64_C(100000000000);
bool timer_faked;

static int (*real_gettime)(clockid_t, struct timespec *);
static int (*real_wait)(int, struct epoll_event *, int, int);
static int (*real_pwait)(int, struct epoll_event *, int, int, const sigset_t *);

__attribute__((constructor)) static void find_real(void)
{
	*(void **)&real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	*(void **)&real_wait = dlsym(RTLD_NEXT, "epoll_wait");
	*(void **)&real_pwait = dlsym(RTLD_NEXT, "epoll_pwait");
	if (!real_gettime || !real_wait || !real_pwait)
		abort();
}

STANDS_BEFORE int clock_gettime(clockid_t id, struct timespec *ret_time)
{
	if (!timer_faked)
		return real_gettime(id, ret_time);
	ret_time->tv_sec = (time_t)(timer_time / 1000000000u);
	ret_time->tv_nsec = (long)(timer_time % 1000000000u);
	return 0;
}

STANDS_BEFORE int epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
	return timer_faked ? 0 : real_wait(fd, events, max, timeout);
}

STANDS_BEFORE int epoll_pwait(
	int fd, struct epoll_event *events, int max, int timeout, const sigset_t *mask)
{
	return timer_faked ? 0 : real_pwait(fd, events, max, timeout, mask);
}
