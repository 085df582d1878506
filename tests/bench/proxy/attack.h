/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attackers of a proxy: each holds so many connections, from 64 addresses of loopback, sends little or much on
 * each, and opens another one for each that ends. Bounded by the parent's life, and by the connections.
 */
#ifndef WEIR_TESTS_BENCH_PROXY_ATTACK_H
#define WEIR_TESTS_BENCH_PROXY_ATTACK_H

#include <linux/types.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

struct attack {
	const char *name;
	__u32 conns;
	__u32 pause_us; /* between two rounds over all connections; 0: none, a flood */
	const char *opening;
	/* One connection's turn. False: it has ended, or shall. */
	bool (*turn)(int fd);
	bool resets;       /* ends connections by RST */
	int receive_bytes; /* room for what comes; 0: as usual */
};

/* Ends with an entry without a name. */
extern const struct attack attacks[];

/* Start one; returns its process once its connections are open, or after some seconds of trying. */
pid_t attack_start(const struct attack *attack, const struct sockaddr_in *to);

/* Ends it, and with it its connections. Returns how many turns connections had since it was started. */
__u64 attack_stop(pid_t pid);

#endif
