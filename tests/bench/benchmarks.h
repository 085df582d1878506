/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The benchmarks of the gate that need no traffic, one function each. Each prints its table and
 * leaves its results to bench_print_results; each ends the program on any failure.
 */
#ifndef WEIR_TESTS_BENCH_BENCHMARKS_H
#define WEIR_TESTS_BENCH_BENCHMARKS_H

void bench_lookup(void);
void bench_lookup_10m(void);
void bench_lookup_live(void);
void bench_program(void);
void bench_reply(void);
void bench_bucket(void);
void bench_capture(void);

#endif
