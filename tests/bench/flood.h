/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What flood.bpf.c and its user share.
 */
#ifndef WEIR_TESTS_BENCH_FLOOD_H
#define WEIR_TESTS_BENCH_FLOOD_H

enum { BENCH_FLOOD_SOURCES = 1 << 20 }; /* network order */

#endif
