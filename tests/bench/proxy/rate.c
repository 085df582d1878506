/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How exactly a container's bandwidth is kept: three tunnels of one container, through two workers,
 * each taking or giving what it can for ten seconds, one direction after the other.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"
#include "proxy_benchmarks.h"
#include "rounds.h"

enum { TUNNELS = 3, BLOCK = 1 << 16, NAP_US = 500 };

/* The burst goes first, and the sockets' buffers fill; then it is the rate alone. */
#define WARM_NS    1500000000ULL
#define MEASURE_NS 10000000000ULL

static __u64 take(int fd)
{
	ssize_t size = recv(fd, NULL, BLOCK, MSG_TRUNC | MSG_DONTWAIT);

	if (size == 0 || (size < 0 && errno != EAGAIN))
		bench_die("a tunnel was cut");
	return size > 0 ? size : 0;
}

static __u64 give(int fd)
{
	static char block[BLOCK];
	ssize_t size = send(fd, block, BLOCK, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (size < 0 && errno != EAGAIN)
		bench_die("a tunnel was cut");
	return size > 0 ? size : 0;
}

/* What all of them moved until then. */
static __u64 move(const int *fds, char command, __u64 until_ns)
{
	__u64 sum = 0;

	while (bench_now_ns() < until_ns) {
		__u64 before = sum;

		for (int i = 0; i < TUNNELS; i++)
			sum += command == COMMAND_DOWN ? take(fds[i]) : give(fds[i]);
		if (sum == before)
			usleep(NAP_US);
	}
	return sum;
}

/* The error in per cent of what the rate allows. */
static double measure(const struct contender *contender, char command, double bytes_per_s)
{
	int fds[TUNNELS];
	__u64 start_ns, moved;
	double seconds;

	for (int i = 0; i < TUNNELS; i++) {
		fds[i] = load_tunnel(&contender->at, 0);
		if (fds[i] < 0)
			bench_die("%s: no tunnel", contender->name);
		load_command(fds[i], command, 1ULL << 30);
	}
	move(fds, command, bench_now_ns() + WARM_NS);
	start_ns = bench_now_ns();
	moved = move(fds, command, start_ns + MEASURE_NS);
	seconds = (bench_now_ns() - start_ns) / 1e9;
	for (int i = 0; i < TUNNELS; i++)
		close(fds[i]);
	printf("  %-6s %.2f MB/s of %.2f over %.1f s\n", command == COMMAND_DOWN ? "down" : "up",
	       moved / seconds / 1e6, bytes_per_s / 1e6, seconds);
	return (moved / seconds / bytes_per_s - 1) * 100;
}

void bench_rate(char **arguments)
{
	char *contender_argument[] = {arguments[0], NULL};
	struct contenders contenders = contenders_parse(contender_argument);
	double down, up, rate;

	if (!arguments[0] || !arguments[1])
		bench_die("usage: rate CONTENDER BYTES_PER_S");
	rate = strtod(arguments[1], NULL);
	down = measure(&contenders.items[0], COMMAND_DOWN, rate);
	up = measure(&contenders.items[0], COMMAND_UP, rate);
	down = down < 0 ? -down : down;
	up = up < 0 ? -up : up;
	bench_result("rate_error_pct", down > up ? down : up, "pct");
}
