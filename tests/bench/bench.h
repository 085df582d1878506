/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every benchmark needs: a clock that others' work does not disturb, medians, and results.
 *
 * A benchmark measures its contenders in turns, A B C A B C, because the machine may be shared:
 * each round gives one figure a contender, and what is reported is the median of the rounds.
 * Tables go to stdout as they are ready; the `bench: NAME VALUE UNIT` lines come at the end, all
 * together, from bench_print_results.
 */
#ifndef WEIR_TESTS_BENCH_H
#define WEIR_TESTS_BENCH_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

enum { BENCH_ROUNDS = 5 };

/* One figure a round. */
struct bench_series {
	double at[BENCH_ROUNDS];
};

/* CPU time of the calling thread, kernel work included. */
__u64 bench_thread_ns(void);
__u64 bench_now_ns(void);

/*
 * Let nobody else run on the calling thread's CPU from here to bench_yield_cpu, where the machine
 * allows it: what others do to the caches is no part of a figure. For a second at most.
 */
void bench_hold_cpu(void);
void bench_yield_cpu(void);

double bench_median(const struct bench_series *series);

/* The one with the larger, the smaller median. */
const struct bench_series *bench_dearer(const struct bench_series *a, const struct bench_series *b);
const struct bench_series *bench_cheaper(const struct bench_series *a,
					 const struct bench_series *b);

/* The median of (a - base_a) / (b - base_b), round by round. A base of NULL is 0. */
double bench_median_ratio(const struct bench_series *a, const struct bench_series *base_a,
			  const struct bench_series *b, const struct bench_series *base_b);
/* The median of (a - base), round by round. */
double bench_median_net(const struct bench_series *a, const struct bench_series *base);

/* Remember a result for the end. */
void bench_result(const char *name, double value, const char *unit);
void bench_print_results(void);

/* Print why the benchmark cannot go on, and exit with 1. A figure that may be wrong is none. */
void bench_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
