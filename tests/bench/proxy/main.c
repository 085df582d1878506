/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench-proxy NAME [ARGUMENT...]: one benchmark, its table, then its results. scripts/bench-proxy
 * starts the proxies and runs them all.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bench/bench.h"
#include "origin.h"
#include "proxy_benchmarks.h"

static const struct {
	const char *name;
	void (*run)(char **arguments);
	enum {
		ORIGIN_HERE,
		ORIGIN_APART,
		ORIGIN_REAL
	} origin; /* in this process, its child, or a web server */
} benchmarks[] = {
	{"conn", bench_conn, ORIGIN_HERE},       {"names", bench_names, ORIGIN_HERE},
	{"request", bench_request, ORIGIN_HERE}, {"sweep", bench_sweep, ORIGIN_HERE},
	{"bulk", bench_bulk, ORIGIN_HERE},       {"idle", bench_idle, ORIGIN_APART},
	{"reload", bench_reload, ORIGIN_APART},  {"steady", bench_steady, ORIGIN_APART},
	{"rate", bench_rate, ORIGIN_APART},      {"attacks", bench_attacks, ORIGIN_REAL},
};

enum { COUNT = sizeof(benchmarks) / sizeof(benchmarks[0]) };

/* Until the benchmark ends. Returns when it listens: a proxy shuns a container that refuses. */
static void start_origin(void)
{
	pid_t parent = getpid();
	int ready[2];
	char byte;

	if (pipe(ready) < 0)
		bench_die("pipe: %m");
	if (fork()) {
		close(ready[1]);
		if (read(ready[0], &byte, 1) != 1)
			bench_die("the origin did not start");
		close(ready[0]);
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	origin_open();
	if (write(ready[1], "", 1) != 1)
		_exit(1);
	close(ready[0]);
	close(ready[1]);
	while (getppid() == parent)
		origin_serve(1000);
	_exit(0);
}

int main(int argc, char **argv)
{
	for (int i = 0; i < COUNT; i++) {
		if (argc < 2 || strcmp(argv[1], benchmarks[i].name) != 0)
			continue;
		if (benchmarks[i].origin == ORIGIN_HERE)
			origin_open();
		else if (benchmarks[i].origin == ORIGIN_APART)
			start_origin();
		benchmarks[i].run(argv + 2);
		bench_print_results();
		return 0;
	}
	fprintf(stderr, "usage: bench-proxy NAME [ARGUMENT...]\nNAME is one of:");
	for (int i = 0; i < COUNT; i++)
		fprintf(stderr, " %s", benchmarks[i].name);
	fputc('\n', stderr);
	return 2;
}
