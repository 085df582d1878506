/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A proxy under measurement: where it listens, which processes it is, and what they have used.
 *
 * CPU time is what the scheduler has counted for every thread of its processes (schedstat): user
 * and kernel time, and with it the kernel's network work that runs in their context. It does not
 * depend on who else has the CPU.
 */
#ifndef WEIR_TESTS_BENCH_PROXY_CONTENDER_H
#define WEIR_TESTS_BENCH_PROXY_CONTENDER_H

#include <linux/types.h>
#include <netinet/in.h>
#include <sys/types.h>

enum { CONTENDERS_MAX = 8 };

struct contender {
	char name[32];
	struct sockaddr_in at;
	pid_t pid; /* with its children */
};

struct contenders {
	struct contender items[CONTENDERS_MAX];
	int count;
};

/* From arguments `NAME=ADDRESS:PORT=PID`, up to NULL. Dies on anything else. */
struct contenders contenders_parse(char **arguments);

/* The one of that name, or NULL. */
const struct contender *contenders_find(const struct contenders *contenders, const char *name);

/* CPU time so far. The second waits first, for two seconds at most, until nothing more is used. */
__u64 contender_cpu_ns(const struct contender *contender);
__u64 contender_settled_cpu_ns(const struct contender *contender);

/* Anonymous memory in use: heap and stacks. */
__u64 contender_memory_bytes(const struct contender *contender);

#endif
