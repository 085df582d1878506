/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * 1 GiB through a tunnel, down and up, one connection at a time. The client and the origin throw
 * away what they read, without a copy, and never sleep.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"
#include "origin.h"
#include "proxy_benchmarks.h"
#include "rounds.h"

enum { BLOCK = 1 << 18 };

#define BULK_BYTES (1ULL << 30)

/* Discard until the other side closes; returns how many bytes came. */
static __u64 swallow(int fd)
{
	__u64 sum = 0;

	for (;;) {
		ssize_t size = recv(fd, NULL, BLOCK, MSG_TRUNC | MSG_DONTWAIT);

		if (size == 0 || (size < 0 && errno != EAGAIN))
			return sum;
		sum += size > 0 ? size : 0;
		origin_serve(0);
	}
}

static void pour(int fd, __u64 bytes)
{
	static char block[BLOCK];

	while (bytes) {
		ssize_t sent = send(fd, block, bytes < BLOCK ? bytes : BLOCK,
				    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0)
			bytes -= sent;
		else if (sent < 0 && errno != EAGAIN)
			bench_die("send: %m");
		origin_serve(0);
	}
}

/* CPU seconds of 1 GiB; `argument` is the command. */
static double measure(const struct contender *contender, void *argument)
{
	char command = *(const char *)argument, reply;
	__u64 before = contender_settled_cpu_ns(contender);
	int fd = load_tunnel(&contender->at, 0);

	if (fd < 0)
		bench_die("%s: no tunnel", contender->name);
	load_command(fd, command, BULK_BYTES);
	if (command == COMMAND_DOWN) {
		if (swallow(fd) != BULK_BYTES)
			bench_die("%s: cut", contender->name);
	} else {
		pour(fd, BULK_BYTES);
		if (!load_receive(fd, &reply, 1))
			bench_die("%s: cut", contender->name);
	}
	close(fd);
	return (contender_settled_cpu_ns(contender) - before) / 1e9;
}

static double ratio(const struct rounds *rounds, const char *peer)
{
	return bench_median_ratio(rounds_of(rounds, "weir"), NULL, rounds_of(rounds, peer), NULL);
}

static double worse(double a, double b)
{
	return a > b ? a : b;
}

void bench_bulk(char **arguments)
{
	struct contenders contenders = contenders_parse(arguments);
	static char down_command = COMMAND_DOWN, up_command = COMMAND_UP;
	struct rounds down, up;

	rounds_run(&down, &contenders, measure, &down_command);
	rounds_print(&down, "CPU of 1 GiB down", "s");
	rounds_run(&up, &contenders, measure, &up_command);
	rounds_print(&up, "CPU of 1 GiB up", "s");
	bench_result("bulk_cpu_vs_tuned",
		     worse(ratio(&down, "haproxy-tuned"), ratio(&up, "haproxy-tuned")), "ratio");
	bench_result("bulk_cpu_vs_default", worse(ratio(&down, "haproxy"), ratio(&up, "haproxy")),
		     "ratio");
}
