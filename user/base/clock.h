/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine's clocks, in nanoseconds.
 *
 * The monotonic clock is for deadlines and for what fills with time: it never steps, and begins anew
 * with each boot. The real-time clock is for people and for files: it counts from 1970, and steps
 * when it is set. What the gate's maps hold goes by another one still: kernel/clock.h.
 */
#ifndef WEIR_BASE_CLOCK_H
#define WEIR_BASE_CLOCK_H

#include <linux/types.h>
#include <time.h>

static inline __u64 weir_timespec_ns(const struct timespec *time)
{
	return time->tv_sec * 1000000000ULL + time->tv_nsec;
}

/* CLOCK_MONOTONIC. */
static inline __u64 weir_monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return weir_timespec_ns(&now);
}

/* CLOCK_REALTIME. */
static inline __u64 weir_realtime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return weir_timespec_ns(&now);
}

#endif
