/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * To be preloaded: a wall clock that steps under a running process, and no clock of the machine. The first byte of
 * the file CLOCK_STEP says where it is: `+` a year ahead, `-` a year behind, anything else right. The
 * file is mapped before main, so that a process in a sandbox sees each change. What the kernel itself times by its
 * wall clock does not step: a wait until such a time is a year off, as it is when a clock steps meanwhile.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

enum { YEAR_S = 365 * 86400 };

#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

static const volatile char *step = "0";
static __typeof__(&clock_gettime) real;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("CLOCK_STEP");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	real = NEXT(clock_gettime);
	step = fd < 0 ? MAP_FAILED : mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
	if (step == MAP_FAILED)
		abort();
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int r = (real ?: NEXT(clock_gettime))(clock, now);

	if (!r && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += *step == '+' ? YEAR_S : *step == '-' ? -YEAR_S : 0;
	return r;
}

int gettimeofday(struct timeval *restrict to, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*to = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
	return 0;
}

time_t time(time_t *to)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (to)
		*to = now.tv_sec;
	return now.tv_sec;
}
