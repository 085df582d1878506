/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What lookup.bpf.c and its user share.
 */
#ifndef WEIR_TESTS_BENCH_LOOKUP_H
#define WEIR_TESTS_BENCH_LOOKUP_H

#include <linux/types.h>

enum {
	BENCH_LOOKUP_SETS = 2,          /* sources that miss, sources that hit */
	BENCH_LOOKUP_SOURCES = 1 << 20, /* of each, network order */
	BENCH_LOOKUPS = 1 << 14,        /* in one run */
};

struct bench_lpm_key {
	__u32 length;
	__be32 address;
};

#endif
