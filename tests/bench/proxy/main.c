/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench-proxy NAME [ARGUMENT...]: one benchmark, its table, then its results. scripts/bench-proxy
 * starts the proxies and runs them all.
 */
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"
#include "proxy_benchmarks.h"

static const struct {
	const char *name;
	void (*run)(char **arguments);
} benchmarks[] = {
	{"origin", bench_origin},   {"conn", bench_conn},     {"names", bench_names},
	{"request", bench_request}, {"bulk", bench_bulk},     {"idle", bench_idle},
	{"sweep", bench_sweep},     {"reload", bench_reload}, {"steady", bench_steady},
};

enum { COUNT = sizeof(benchmarks) / sizeof(benchmarks[0]) };

int main(int argc, char **argv)
{
	for (int i = 0; i < COUNT; i++) {
		if (argc < 2 || strcmp(argv[1], benchmarks[i].name) != 0)
			continue;
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
