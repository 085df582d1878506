/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A denylist for a benchmark, with sources that it lists and sources that it does not.
 */
#ifndef WEIR_TESTS_BENCH_LISTS_H
#define WEIR_TESTS_BENCH_LISTS_H

#include "base/prefix.h"
#include "plan/plan.h"

struct bench_list {
	struct weir_prefix *prefixes;
	size_t count;
	struct weir_rank rank; /* what the gate is given */
};

/* The seeds that benchmarks share, so that they share lists. */
enum { BENCH_LIST_SEED = 20250117, BENCH_BANS_SEED = 4242 };

enum bench_shape { BENCH_REALISTIC, BENCH_UNIFORM };

/* From the seeded generator of tests/listgen.h: the same list every time. */
void bench_list_make(enum bench_shape shape, __u64 seed, size_t count, struct bench_list *ret_list);

/* Every *.txt file in `folder`, as the loader reads lists. False: there is none. */
bool bench_list_load(const char *folder, struct bench_list *ret_list);
void bench_list_done(struct bench_list *list);

/*
 * `count` random sources, network order: uniform over the addresses that senders can have, or
 * random entries of the list with random host bits. `but_not` is a list that must not hold any of
 * them either, or NULL.
 */
void bench_sources_missing(const struct bench_list *list, const struct bench_list *but_not,
			   size_t count, __u32 *ret_sources);
void bench_sources_listed(const struct bench_list *list, const struct bench_list *but_not,
			  size_t count, __u32 *ret_sources);

#endif
