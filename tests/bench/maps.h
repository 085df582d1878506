/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filling the gate's maps as the loader does, through mmap, for benchmarks that run the program
 * or its parts by hand. Everything goes into half 0.
 */
#ifndef WEIR_TESTS_BENCH_MAPS_H
#define WEIR_TESTS_BENCH_MAPS_H

#include <bpf/libbpf.h>

#include "lists.h"
#include "plan/plan.h"

struct bench_maps {
	struct bpf_map *control, *policy, *dests, *rates, *cdn, *allow, *areas, *ranks, *cells,
		*blocks, *live, *live_bits, *live_lens;
};

/* All that the object has by these names; NULL for what it has not. */
struct bench_maps bench_maps_of(const struct bpf_object *object);

/* Maps whose size depends on the list. Between open and load. */
void bench_maps_size(const struct bench_maps *maps, size_t blocks_count, size_t live_count);

/* The bitmap of a list alone. */
void bench_maps_put_rank(const struct bench_maps *maps, const struct weir_rank *rank);

/* The whole generation, its bitmap included. */
void bench_maps_put(const struct bench_maps *maps, const struct weir_generation *generation);

/* Live bans without an end: entries first, then the bits that make the gate look for them. */
void bench_maps_ban(const struct bench_maps *maps, const struct bench_list *bans);

/* Take back what leads packets to the bans: to the gate there are none. */
void bench_maps_unban(const struct bench_maps *maps);

#endif
