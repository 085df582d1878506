// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench-gate NAME: one benchmark, its table, then its results. scripts/bench-gate prepares what
 * they need (a network namespace, xdp-filter's object) and runs them all.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "benchmarks.h"

static const struct {
	const char *name;
	void (*run)(void);
} benchmarks[] = {
	{"program", bench_program},         {"reply", bench_reply},
	{"lookup", bench_lookup},           {"lookup-10m", bench_lookup_10m},
	{"lookup-live", bench_lookup_live}, {"bucket", bench_bucket},
	{"capture", bench_capture},
};

enum { COUNT = sizeof(benchmarks) / sizeof(benchmarks[0]) };

int main(int argc, char **argv)
{
	for (int i = 0; i < COUNT; i++) {
		if (argc != 2 || strcmp(argv[1], benchmarks[i].name) != 0)
			continue;
		benchmarks[i].run();
		bench_print_results();
		return 0;
	}
	fprintf(stderr, "usage: bench-gate NAME\nNAME is one of:");
	for (int i = 0; i < COUNT; i++)
		fprintf(stderr, " %s", benchmarks[i].name);
	fputc('\n', stderr);
	return 2;
}
