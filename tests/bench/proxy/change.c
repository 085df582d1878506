/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes: how long new routes take, and what fails while something changes.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"
#include "proxy_benchmarks.h"
#include "rounds.h"

enum { NEW_NAME = 9000000, POLL_US = 2000, RELOAD_MAX_S = 20 };

static void append_route(const char *path, __u32 name, const char *containers)
{
	FILE *file = fopen(path, "a");

	if (!file)
		bench_die("%s: %m", path);
	fprintf(file, "n%07u.example.org %s\n", name, containers);
	if (fclose(file))
		bench_die("%s: %m", path);
}

static bool is_served(const struct contender *contender, __u32 name)
{
	int fd = load_tunnel(&contender->at, name);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Elapsed seconds from the signal to the first connection by the new name. */
static double reload(const struct contender *contender, const char *path, const char *containers,
		     __u32 name)
{
	const struct sched_param first = {.sched_priority = 1}, none = {};
	__u64 start;

	append_route(path, name, containers);
	if (is_served(contender, name))
		bench_die("%s: a name that is not there is served", contender->name);
	/* As if nobody else wanted the CPU; refused: the figure is noisier. */
	(void)sched_setscheduler(contender->pid, SCHED_FIFO, &first);
	start = bench_now_ns();
	kill(contender->pid, SIGHUP);
	while (!is_served(contender, name)) {
		if (bench_now_ns() - start > RELOAD_MAX_S * 1000000000ULL)
			bench_die("%s: the new routes do not come", contender->name);
		usleep(POLL_US);
	}
	start = bench_now_ns() - start;
	(void)sched_setscheduler(contender->pid, SCHED_OTHER, &none);
	return start / 1e9;
}

void bench_reload(char **arguments)
{
	char *contender_argument[] = {arguments[0], NULL};
	struct contenders contenders = contenders_parse(contender_argument);
	struct bench_series series;

	if (!arguments[0] || !arguments[1] || !arguments[2])
		bench_die("usage: reload CONTENDER FILE CONTAINERS");
	for (int i = 0; i < BENCH_ROUNDS; i++)
		series.at[i] = reload(&contenders.items[0], arguments[1], arguments[2],
				      NEW_NAME + i);
	printf("reload of 1,000,000 names: %.2f s\n", bench_median(&series));
	bench_result("routes_reload_1M_s", bench_median(&series), "s");
}

static void print_load(const char *what, struct load_result result)
{
	printf("  %-12s %8llu done, %llu failed\n", what, result.done, result.failed);
	fflush(stdout);
}

/* In a process of its own: its exit code says no more than that it came to the end. */
static pid_t start_exchanges(const struct load *load, int report_fd)
{
	pid_t pid = fork();
	struct load_result result;

	if (pid)
		return pid;
	result = load_exchange(load);
	_exit(write(report_fd, &result, sizeof(result)) != sizeof(result));
}

void bench_steady(char **arguments)
{
	struct contenders contenders;
	struct load load = {
		.in_flight = 16, .names = 10, .body_bytes = 4096, .requests_per_conn = 20};
	struct load_result exchanges, requests;
	char *both[3] = {arguments[0], arguments[0] ? arguments[1] : NULL, NULL};
	int report[2];

	contenders = contenders_parse(both);
	if (contenders.count != 2 || !arguments[2] || !arguments[3] || pipe(report) < 0)
		bench_die("usage: steady TLS-CONTENDER HTTP-CONTENDER SECONDS RESULT");
	load.until_ns = bench_now_ns() + strtoul(arguments[2], NULL, 10) * 1000000000ULL;
	load.to = contenders.items[0].at;
	start_exchanges(&load, report[1]);
	load.to = contenders.items[1].at;
	requests = load_request(&load);
	if (read(report[0], &exchanges, sizeof(exchanges)) != sizeof(exchanges))
		bench_die("the exchanges did not report");
	wait(NULL);
	print_load("connections", exchanges);
	print_load("requests", requests);
	if (!exchanges.done || !requests.done)
		bench_die("nothing was served");
	bench_result(arguments[3], exchanges.failed + requests.failed, "connections");
}
