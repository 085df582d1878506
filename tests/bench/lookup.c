/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one denylist lookup costs, against BPF_MAP_TYPE_LPM_TRIE with the same list.
 *
 *   deny_miss_vs_lpm_N, deny_hit_vs_lpm_N     ours / LPM, net of the loop, N entries, realistic
 *   deny_miss_with_100k_live_ns, _0_live_ns   ours, 1M entries, with and without live bans
 *
 * Sources are random: a miss is uniform over unlisted addresses, a hit is a random entry. Both
 * structures answer the same sources, and every answer is checked by count.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "bench.h"
#include "benchmarks.h"
#include "lists.h"
#include "lookup.h"
#include "lookup.skel.h"
#include "maps.h"

enum { MISS, HIT };
enum { NOTHING, DENY, TRIE, LOOPS };
enum { BATCH = 1 << 16, LIVE_COUNT = 100000, LIVE_LIST_COUNT = 1000000 };

/* Lookups a measurement: as many as pass in some tens of milliseconds. */
enum { RUNS_FAST = 192, RUNS_TRIE = 24 };

struct rig {
	struct lookup_bpf *object;
	struct bench_maps maps;
};

static void put_sources(struct rig *rig, const struct bench_list *list,
			const struct bench_list *bans)
{
	__u32(*sources)[BENCH_LOOKUP_SOURCES] = rig->object->bss->bench_sources;

	bench_sources_missing(list, bans, BENCH_LOOKUP_SOURCES, sources[MISS]);
	bench_sources_listed(list, bans, BENCH_LOOKUP_SOURCES, sources[HIT]);
}

static void put_trie(struct rig *rig, const struct bench_list *list)
{
	_cleanup_free_ struct bench_lpm_key *keys = calloc(BATCH, sizeof(*keys));
	_cleanup_free_ __u8 *values = calloc(BATCH, 1);
	int fd = bpf_map__fd(rig->object->maps.bench_lpm);

	if (!keys || !values)
		bench_die("no memory for a batch");
	for (size_t done = 0; done < list->count;) {
		__u32 count = 0;

		while (count < BATCH && done < list->count) {
			struct weir_prefix prefix = list->prefixes[done++];

			keys[count++] = (struct bench_lpm_key){prefix.length,
							       htonl(prefix.address)};
		}
		if (bpf_map_update_batch(fd, keys, values, &count, NULL))
			bench_die("cannot fill the LPM trie: %s", strerror(errno));
	}
}

/* `bans` is NULL, or bans for which there will be room. */
static struct rig rig_make(const struct bench_list *list, const struct bench_list *bans,
			   bool has_trie)
{
	struct rig rig = {.object = lookup_bpf__open()};

	if (!rig.object)
		bench_die("cannot open the lookup programs: %s", strerror(errno));
	rig.maps = bench_maps_of(rig.object->obj);
	bench_maps_size(&rig.maps, list->rank.blocks_count, bans ? bans->count : 1);
	bpf_map__set_max_entries(rig.object->maps.bench_lpm, has_trie ? list->count : 1);
	if (lookup_bpf__load(rig.object))
		bench_die("cannot load the lookup programs: %s", strerror(errno));
	bench_maps_put_rank(&rig.maps, &list->rank);
	put_sources(&rig, list, bans);
	if (has_trie)
		put_trie(&rig, list);
	return rig;
}

/* ns of CPU a lookup, the loop included. */
static double measure(struct rig *rig, int loop, int set)
{
	const struct bpf_program *programs[] = {rig->object->progs.bench_nothing,
						rig->object->progs.bench_deny,
						rig->object->progs.bench_trie};
	char frame[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = sizeof(frame),
		    .repeat = loop == TRIE ? RUNS_TRIE : RUNS_FAST);
	__u64 lookups = (__u64)run.repeat * BENCH_LOOKUPS, expected, took_ns;

	rig->object->bss->bench_set = set;
	rig->object->bss->bench_hits = 0;
	bench_hold_cpu();
	took_ns = bench_thread_ns();
	if (bpf_prog_test_run_opts(bpf_program__fd(programs[loop]), &run))
		bench_die("cannot run a lookup program: %s", strerror(errno));
	took_ns = bench_thread_ns() - took_ns;
	bench_yield_cpu();
	expected = loop != NOTHING && set == HIT ? lookups : 0;
	if (rig->object->bss->bench_hits != expected)
		bench_die("wrong answers: %llu of %llu lookups hit, %llu should",
			  rig->object->bss->bench_hits, lookups, expected);
	return (double)took_ns / lookups;
}

/* A table's line, and where there is a name, the two results. */
static void compare_list(const char *title, const char *size, const struct bench_list *list)
{
	struct rig rig = rig_make(list, NULL, true);
	struct bench_series took[LOOPS][2];
	char name[48];

	for (int round = 0; round < BENCH_ROUNDS; round++)
		for (int set = MISS; set <= HIT; set++)
			for (int loop = 0; loop < LOOPS; loop++)
				took[loop][set].at[round] = measure(&rig, loop, set);
	printf("%-10s %9zu", title, list->count);
	for (int set = MISS; set <= HIT; set++) {
		double ratio = bench_median_ratio(&took[DENY][set], &took[NOTHING][set],
						  &took[TRIE][set], &took[NOTHING][set]);

		printf("  %8.1f %8.1f %7.4f",
		       bench_median_net(&took[DENY][set], &took[NOTHING][set]),
		       bench_median_net(&took[TRIE][set], &took[NOTHING][set]), ratio);
		if (!size)
			continue;
		snprintf(name, sizeof(name), "deny_%s_vs_lpm_%s", set == HIT ? "hit" : "miss",
			 size);
		bench_result(name, ratio, "ratio");
	}
	printf("\n");
	fflush(stdout);
	lookup_bpf__destroy(rig.object);
}

static void compare_made(const char *title, enum bench_shape shape, const char *size, size_t count)
{
	struct bench_list list;

	bench_list_make(shape, BENCH_LIST_SEED, count, &list);
	compare_list(title, size, &list);
	bench_list_done(&list);
}

static void compare_real(const char *folder)
{
	struct bench_list list;

	if (!bench_list_load(folder, &list))
		bench_die("WEIR_LISTS=%s has no *.txt file", folder);
	compare_list("real", NULL, &list);
	bench_list_done(&list);
}

void bench_lookup(void)
{
	const char *folder = getenv("WEIR_LISTS");

	printf("denylist lookup, ns net of the loop; LPM is BPF_MAP_TYPE_LPM_TRIE with the same "
	       "list\n"
	       "%-10s %9s  %8s %8s %7s  %8s %8s %7s\n",
	       "list", "entries", "miss", "LPM", "ratio", "hit", "LPM", "ratio");
	compare_made("realistic", BENCH_REALISTIC, "10k", 10000);
	compare_made("realistic", BENCH_REALISTIC, "100k", 100000);
	compare_made("realistic", BENCH_REALISTIC, "1M", 1000000);
	compare_made("uniform", BENCH_UNIFORM, NULL, 1000000);
	if (folder)
		compare_real(folder);
}

/* Apart from the others, because ten million entries take the trie half a minute. */
void bench_lookup_10m(void)
{
	printf("denylist lookup, ns net of the loop, with ten million entries\n"
	       "%-10s %9s  %8s %8s %7s  %8s %8s %7s\n",
	       "list", "entries", "miss", "LPM", "ratio", "hit", "LPM", "ratio");
	compare_made("realistic", BENCH_REALISTIC, "10M", 10000000);
}

/* ---- live bans ----------------------------------------------------------------------------- */

void bench_lookup_live(void)
{
	struct bench_series nothing, without, with;
	struct bench_list list, bans;
	struct rig rig;

	bench_list_make(BENCH_REALISTIC, BENCH_LIST_SEED, LIVE_LIST_COUNT, &list);
	bench_list_make(BENCH_REALISTIC, BENCH_BANS_SEED, LIVE_COUNT, &bans);
	rig = rig_make(&list, &bans, false);
	for (int round = 0; round < BENCH_ROUNDS; round++) {
		bench_maps_unban(&rig.maps);
		nothing.at[round] = measure(&rig, NOTHING, MISS);
		without.at[round] = measure(&rig, DENY, MISS);
		bench_maps_ban(&rig.maps, &bans);
		with.at[round] = measure(&rig, DENY, MISS);
	}
	bench_result("deny_miss_with_0_live_ns", bench_median_net(&without, &nothing), "ns");
	bench_result("deny_miss_with_100k_live_ns", bench_median_net(&with, &nothing), "ns");
	lookup_bpf__destroy(rig.object);
	bench_list_done(&list);
	bench_list_done(&bans);
}
