/* SPDX-License-Identifier: GPL-2.0-only */
/* Clock -> nanoseconds, without what /proc/self/timens_offsets says the namespace adds. */
#include "kernel/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"

/* `monotonic SECONDS NANOSECONDS`, the first line; 0 without time namespaces. */
static __s64 read_offset_ns(void)
{
	static const char name[] = "monotonic";
	_cleanup_fclose_ FILE *offsets = fopen("/proc/self/timens_offsets", "re");
	char line[128], *end;
	__s64 s;

	if (!offsets || !fgets(line, sizeof(line), offsets) || strncmp(line, name, strlen(name)))
		return 0;
	s = strtoll(line + strlen(name), &end, 10);
	return s * 1000000000LL + strtoll(end, NULL, 10);
}

/* Read once: a process does not change its time namespace, only its children's. */
static __s64 namespace_offset_ns(void)
{
	static bool is_known;
	static __s64 offset_ns;

	if (!is_known)
		offset_ns = read_offset_ns();
	is_known = true;
	return offset_ns;
}

__u64 weir_clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return weir_timespec_ns(&now) - namespace_offset_ns();
}

__u64 weir_now_ns(void)
{
	return weir_clock_ns(CLOCK_MONOTONIC);
}

__u64 weir_tick_ns(void)
{
	struct timespec tick;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return weir_timespec_ns(&tick);
}
