/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What vary.bpf.c and its user share: sets of sources, network order, each a power of two.
 */
#ifndef WEIR_TESTS_BENCH_VARY_H
#define WEIR_TESTS_BENCH_VARY_H

enum {
	BENCH_VARY_SETS = 4,
	BENCH_VARY_SOURCES = 1 << 19,
	BENCH_VARY_CPUS = 64,
};

#endif
