/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filling the gate's maps. See maps.h.
 */
#include "maps.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

struct bench_maps bench_maps_of(const struct bpf_object *object)
{
#define FIND(name) .name = bpf_object__find_map_by_name(object, "weir_" #name)
	return (struct bench_maps){FIND(control),  FIND(policy), FIND(dests), FIND(rates),
				   FIND(cdn),      FIND(allow),  FIND(areas), FIND(ranks),
				   FIND(cells),    FIND(blocks), FIND(live),  FIND(live_bits),
				   FIND(live_lens)};
#undef FIND
}

static void resize(struct bpf_map *map, size_t count)
{
	if (bpf_map__set_max_entries(map, count ? count : 1))
		bench_die("cannot size %s: %s", bpf_map__name(map), strerror(errno));
}

void bench_maps_size(const struct bench_maps *maps, size_t blocks_count, size_t live_count)
{
	resize(maps->blocks, blocks_count);
	resize(maps->live, live_count);
}

static size_t map_bytes(const struct bpf_map *map)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t value = (bpf_map__value_size(map) + 7) & ~7UL;

	return (value * bpf_map__max_entries(map) + page - 1) / page * page;
}

static void *map_open(const struct bpf_map *map)
{
	void *at = mmap(NULL, map_bytes(map), PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map),
			0);

	if (at == MAP_FAILED)
		bench_die("cannot map %s: %s", bpf_map__name(map), strerror(errno));
	return at;
}

/* Copy to the beginning of the map, which is half 0. */
static void map_write(const struct bpf_map *map, const void *from, size_t bytes)
{
	void *to = map_open(map);

	memcpy(to, from, bytes);
	munmap(to, map_bytes(map));
}

void bench_maps_put_rank(const struct bench_maps *maps, const struct weir_rank *rank)
{
	map_write(maps->areas, rank->areas, WEIR_AREAS * sizeof(*rank->areas));
	map_write(maps->ranks, rank->ranks, WEIR_AREAS * sizeof(*rank->ranks));
	map_write(maps->cells, rank->cells, rank->cells_count * sizeof(*rank->cells));
	map_write(maps->blocks, rank->blocks, rank->blocks_count * sizeof(*rank->blocks));
}

void bench_maps_put(const struct bench_maps *maps, const struct weir_generation *generation)
{
	const struct weir_policy *policy = &generation->policy;

	map_write(maps->dests, generation->sets, WEIR_SETS * sizeof(*generation->sets));
	map_write(maps->rates, generation->rates,
		  WEIR_DESTINATIONS_MAX * sizeof(*generation->rates));
	map_write(maps->cdn, generation->cdn, policy->cdn_ranges_count * sizeof(*generation->cdn));
	map_write(maps->allow, generation->allow,
		  policy->allow_ranges_count * sizeof(*generation->allow));
	bench_maps_put_rank(maps, &generation->rank);
	map_write(maps->policy, policy, sizeof(*policy));
}

/* Set the live bit of every /24 that the prefix touches, and of its /20. */
static void set_live(__u64 *bits, struct weir_area *areas, struct weir_live_lengths *lengths,
		     struct weir_prefix prefix)
{
	__u64 last = weir_prefix_last(prefix);

	for (__u64 address = prefix.address; address <= last; address += 256) {
		bits[weir_group_of(address)] |= weir_network_bit(address);
		areas[weir_area_of(address)].live |= weir_area_bit(address);
		lengths[weir_area_of(address)].bans |= 1ULL << prefix.length;
	}
}

void bench_maps_ban(const struct bench_maps *maps, const struct bench_list *bans)
{
	struct weir_live_lengths *lengths = map_open(maps->live_lens);
	__u64 *bits = map_open(maps->live_bits);
	struct weir_area *areas = map_open(maps->areas);
	const struct weir_live_entry forever = {};

	for (size_t i = 0; i < bans->count; i++) {
		struct weir_prefix ban = bans->prefixes[i];
		struct weir_live_key key = {WEIR_LIVE_BAN, ban.length, htonl(ban.address)};

		if (bpf_map__update_elem(maps->live, &key, sizeof(key), &forever, sizeof(forever),
					 BPF_ANY))
			bench_die("cannot add live ban %zu of %zu: %s", i, bans->count,
				  strerror(errno));
		set_live(bits, areas, lengths, ban);
	}
	munmap(lengths, map_bytes(maps->live_lens));
	munmap(bits, map_bytes(maps->live_bits));
	munmap(areas, map_bytes(maps->areas));
}

void bench_maps_unban(const struct bench_maps *maps)
{
	struct weir_live_lengths *lengths = map_open(maps->live_lens);
	__u64 *bits = map_open(maps->live_bits);
	struct weir_area *areas = map_open(maps->areas);

	for (__u32 i = 0; i < WEIR_AREAS; i++)
		areas[i].live = lengths[i].bans = 0;
	for (__u32 i = 0; i < WEIR_GROUPS; i++)
		bits[i] = 0;
	munmap(lengths, map_bytes(maps->live_lens));
	munmap(bits, map_bytes(maps->live_bits));
	munmap(areas, map_bytes(maps->areas));
}
