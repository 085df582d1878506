/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench-gate NAME [ARGUMENT...]: one benchmark, its table, then its results. scripts/bench-gate
 * prepares what they need (network namespaces, peers, xdp-filter's object) and runs them all.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "benchmarks.h"

static const struct {
	const char *name;
	void (*run)(void);
	void (*run_with)(char **arguments);
} benchmarks[] = {
	{"program", bench_program, NULL},
	{"reply", bench_reply, NULL},
	{"lookup", bench_lookup, NULL},
	{"lookup-10m", bench_lookup_10m, NULL},
	{"lookup-live", bench_lookup_live, NULL},
	{"bucket", bench_bucket, NULL},
	{"load", bench_load, NULL},
	{"capture", bench_capture, NULL},
	{"flood", NULL, bench_flood},
	{"send", NULL, bench_send},
	{"storm", NULL, bench_storm},
	{"drop", NULL, bench_drop},
	{"gro", NULL, bench_gro},
	{"no-tso", NULL, bench_no_tso},
	{"list", NULL, bench_list},
	{"time", NULL, bench_time},
};

enum { COUNT = sizeof(benchmarks) / sizeof(benchmarks[0]) };

int main(int argc, char **argv)
{
	for (int i = 0; i < COUNT; i++) {
		if (argc < 2 || strcmp(argv[1], benchmarks[i].name) != 0)
			continue;
		if (benchmarks[i].run)
			benchmarks[i].run();
		else
			benchmarks[i].run_with(argv + 2);
		bench_print_results();
		return 0;
	}
	fprintf(stderr, "usage: bench-gate NAME [ARGUMENT...]\nNAME is one of:");
	for (int i = 0; i < COUNT; i++)
		fprintf(stderr, " %s", benchmarks[i].name);
	fputc('\n', stderr);
	return 2;
}
