/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * struct weir_generation <-> one half of the maps, through memory.
 *
 *   weir_blocks   | half in force: [first, first + count) |   the other: before it or after it |
 *
 * Writing takes the policy's is_complete away first and gives it back last, so that a half that
 * was never finished says so to whoever looks.
 */
#include "kernel/generation.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/grace.h"

int weir_half_inactive(const struct weir_maps *maps, struct weir_diags *diags, __u32 *ret_half)
{
	struct weir_control *control = weir_maps_control(maps);
	__u64 word = __atomic_load_n(&control->word, __ATOMIC_ACQUIRE);
	__u64 now_ns = weir_now_ns();
	__u32 half = weir_control_half(word, now_ns);
	int r;

	/* Of being attached, also one that has just ended: it is to be settled, not forgotten. */
	if (now_ns < weir_control_deadline(word) || word & WEIR_CONTROL_ATTACH)
		return weir_fail(diags, -EBUSY,
				 "a trial is running: weir confirm keeps it, else wait until it "
				 "has ended");
	/* The gate's clock may lag behind ours by a tick: without a deadline there is no doubt. */
	__atomic_store_n(&control->word, (__u64)half, __ATOMIC_SEQ_CST);
	r = weir_grace_period();
	if (r)
		return weir_fail(diags, r, "cannot wait for packets under way: %s", strerror(-r));
	*ret_half = half ^ 1;
	return 0;
}

__s64 weir_blocks_room(const struct weir_maps *maps, size_t count)
{
	const struct weir_policy *policy = weir_maps_policy_in_force(maps);
	size_t entries = maps->entries[WEIR_MAP_BLOCKS];
	size_t first = policy ? policy->blocks_first : 0;
	size_t end = policy ? first + policy->blocks_count : 0;

	if (count <= first)
		return 0;
	return end <= entries && count <= entries - end ? (__s64)end : -ENOSPC;
}

static void write_base(const struct weir_maps *maps, __u32 half, size_t blocks_first,
		       const struct weir_rank *rank)
{
	struct weir_area *areas = weir_maps_areas(maps, half);
	struct weir_cell *cells = weir_maps_cells(maps, half);

	/* Not `live`, which whoever adds a ban meanwhile sets. */
	for (size_t i = 0; i < WEIR_AREAS; i++)
		areas[i].listed = rank->areas[i].listed;
	memcpy(weir_maps_ranks(maps, half), rank->ranks, WEIR_AREAS * sizeof(*rank->ranks));
	for (size_t i = 0; i < rank->cells_count; i++) {
		cells[i] = rank->cells[i];
		cells[i].rank += blocks_first;
	}
	if (rank->blocks_count)
		memcpy(weir_maps_blocks(maps) + blocks_first, rank->blocks,
		       rank->blocks_count * sizeof(*rank->blocks));
}

/* Slot -> address of one half; 0 where the slot is free. */
static void list_addresses(const struct weir_set *sets, __be32 *addresses)
{
	memset(addresses, 0, WEIR_DESTINATIONS_MAX * sizeof(*addresses));
	for (size_t i = 0; i < WEIR_SETS * WEIR_WAYS; i++) {
		const struct weir_destination *to = &sets[i / WEIR_WAYS].way[i % WEIR_WAYS];

		if (to->address && to->slot < WEIR_DESTINATIONS_MAX)
			addresses[to->slot] = to->address;
	}
}

static int reset_slot(const struct weir_maps *maps, __u32 slot)
{
	size_t cpus = libbpf_num_possible_cpus();
	_cleanup_free_ struct weir_destination_counts *zero = calloc(cpus, sizeof(*zero));

	if (!zero)
		return -ENOMEM;
	__atomic_store_n(&weir_maps_buckets(maps)[slot].arrival_units, 0, __ATOMIC_RELAXED);
	return bpf_map_update_elem(maps->fds[WEIR_MAP_DST_COUNTS], &slot, zero, BPF_ANY) ? -errno
											 : 0;
}

/* A full bucket and counts from 0 for every address that is new to its slot. */
static int reset_new_slots(const struct weir_maps *maps, const struct weir_generation *generation)
{
	_cleanup_free_ __be32 *addresses = calloc(2 * WEIR_DESTINATIONS_MAX, sizeof(*addresses));
	__be32 *now = addresses, *next = addresses + WEIR_DESTINATIONS_MAX;
	int r = 0;

	if (!addresses)
		return -ENOMEM;
	if (weir_maps_policy_in_force(maps))
		list_addresses(weir_maps_sets(maps, weir_maps_half(maps)), now);
	list_addresses(generation->sets, next);
	for (__u32 slot = 0; !r && slot < WEIR_DESTINATIONS_MAX; slot++)
		if (next[slot] && next[slot] != now[slot])
			r = reset_slot(maps, slot);
	return r;
}

int weir_generation_write(const struct weir_maps *maps, __u32 half, size_t blocks_first,
			  const struct weir_generation *generation, struct weir_diags *diags)
{
	struct weir_policy *policy = weir_maps_policy(maps, half);
	const struct weir_policy *from = &generation->policy;
	int r;

	__atomic_store_n(&policy->is_complete, 0, __ATOMIC_SEQ_CST);
	write_base(maps, half, blocks_first, &generation->rank);
	memcpy(weir_maps_sets(maps, half), generation->sets, WEIR_SETS * sizeof(struct weir_set));
	memcpy(weir_maps_rates(maps, half), generation->rates,
	       WEIR_DESTINATIONS_MAX * sizeof(struct weir_rate));
	if (from->cdn_ranges_count)
		memcpy(weir_maps_cdn(maps, half), generation->cdn,
		       from->cdn_ranges_count * sizeof(struct weir_range));
	if (from->allow_ranges_count)
		memcpy(weir_maps_allow(maps, half), generation->allow,
		       from->allow_ranges_count * sizeof(struct weir_range));
	r = reset_new_slots(maps, generation);
	if (r)
		return weir_fail(diags, r, "cannot reset a bucket: %s", strerror(-r));
	memcpy((char *)policy + sizeof(policy->is_complete),
	       (const char *)from + sizeof(from->is_complete),
	       sizeof(*policy) - sizeof(policy->is_complete));
	policy->blocks_first = blocks_first;
	policy->blocks_count = generation->rank.blocks_count;
	policy->denied_addresses = generation->rank.denied_addresses;
	__atomic_store_n(&policy->is_complete, 1, __ATOMIC_SEQ_CST);
	return 0;
}

/* Against packets that charge the bucket meanwhile: exact, or tried again. */
static void carry_bucket(struct weir_bucket *bucket, const struct weir_rate *from,
			 const struct weir_rate *to)
{
	__u64 arrival = __atomic_load_n(&bucket->arrival_units, __ATOMIC_RELAXED);
	__u64 next;

	do {
		next = weir_rate_carry(from, to, arrival, weir_now_ns() * WEIR_UNITS_PER_NS);
	} while (next != arrival &&
		 !__atomic_compare_exchange_n(&bucket->arrival_units, &arrival, next, false,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

void weir_generation_flip(const struct weir_maps *maps, __u32 half, __u64 deadline_ns)
{
	const struct weir_rate *to = weir_maps_rates(maps, half);
	const struct weir_rate *from = weir_maps_rates(maps, half ^ 1);
	__u64 word = weir_control_deadline(deadline_ns) | half;
	bool has_previous = weir_maps_policy(maps, half ^ 1)->is_complete;

	__atomic_store_n(&weir_maps_control(maps)->word, word, __ATOMIC_SEQ_CST);
	for (__u32 slot = 0; has_previous && slot < WEIR_DESTINATIONS_MAX; slot++)
		if (from[slot].bytes_per_s != to[slot].bytes_per_s ||
		    from[slot].burst_units > to[slot].burst_units)
			carry_bucket(&weir_maps_buckets(maps)[slot], &from[slot], &to[slot]);
}

static bool has_sane_counts(const struct weir_maps *maps, const struct weir_policy *policy)
{
	size_t blocks = maps->entries[WEIR_MAP_BLOCKS];

	return policy->is_complete && policy->cdn_ranges_count <= WEIR_CDN_RANGES_MAX &&
	       policy->allow_ranges_count <= WEIR_ALLOW_RANGES_MAX &&
	       policy->rules_count <= WEIR_RULES_MAX &&
	       policy->backends_count <= WEIR_BACKENDS_MAX && policy->blocks_first <= blocks &&
	       policy->blocks_count <= blocks - policy->blocks_first;
}

bool weir_generation_view(const struct weir_maps *maps, __u32 half,
			  struct weir_generation *ret_view)
{
	const struct weir_policy *policy = weir_maps_policy(maps, half);

	if (!has_sane_counts(maps, policy))
		return false;
	*ret_view = (struct weir_generation){
		.policy = *policy,
		.sets = weir_maps_sets(maps, half),
		.rates = weir_maps_rates(maps, half),
		.cdn = weir_maps_cdn(maps, half),
		.allow = weir_maps_allow(maps, half),
		.rank = {.areas = weir_maps_areas(maps, half),
			 .ranks = weir_maps_ranks(maps, half),
			 .cells = weir_maps_cells(maps, half),
			 .cells_count = WEIR_CELLS,
			 .blocks = weir_maps_blocks(maps),
			 .blocks_count = maps->entries[WEIR_MAP_BLOCKS],
			 .denied_addresses = policy->denied_addresses},
	};
	return true;
}
