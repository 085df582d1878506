/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The benchmarks of the gate, one function each, and what scripts/bench-gate needs done for others.
 * A benchmark prints its table and leaves its results to bench_print_results; each function ends
 * the program on any failure. `arguments` ends in NULL.
 */
#ifndef WEIR_TESTS_BENCH_BENCHMARKS_H
#define WEIR_TESTS_BENCH_BENCHMARKS_H

void bench_lookup(void);
void bench_lookup_10m(void);
void bench_lookup_live(void);
void bench_program(void);
void bench_reply(void);
void bench_bucket(void);
void bench_load(void);
void bench_capture(void);
void bench_flood(char **arguments);

/* Listed sources, as fast as they go, out of the interface arguments[0] for [1] seconds. */
void bench_send(char **arguments);

/* One kind of flood at the lab's gate: sender.c. */
void bench_storm(char **arguments);

/*
 * XDP_DROP on every packet of the interface arguments[0], until the interface goes; with "read" as
 * [1], after a look at its source.
 */
void bench_drop(char **arguments);

/* Let the interface arguments[0] poll in NAPI without an XDP program: GRO on. */
void bench_gro(char **arguments);

/*
 * TSO off at the interface arguments[0]: its peer then takes what it sends in NAPI, as it does with
 * an XDP program, and not on the sender's core.
 */
void bench_no_tso(char **arguments);

/* The realistic list of arguments[0] entries, one a line; as ranges that do not overlap: [1]. */
void bench_list(char **arguments);

/* Run a command once and print how many ms it took. Dies unless it exits with 0. */
void bench_time(char **arguments);

#endif
