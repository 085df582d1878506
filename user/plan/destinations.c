/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of destinations: addresses in, slots and the sets of weir/policy.h out.
 *
 * An address has four places, the ways of one set, and the seed of the hash says which set. The
 * table is so sparse (4096 addresses at most, 65536 places) that nine seeds in ten fit; the
 * search starts at the same seed every time, so the same addresses make the same table.
 *
 * A slot is where an address has its bucket and its counters. It outlives the table: packets of
 * the old generation still charge the old slots while the new one is written, so no slot goes
 * straight from one address to another.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "plan/addresses.h"
#include "plan/destinations.h"

enum { SEEDS_TRIED = 1000 };

static int compare_address(const void *a, const void *b)
{
	__u32 left = ntohl(((const struct weir_slot *)a)->address);
	__u32 right = ntohl(((const struct weir_slot *)b)->address);

	return left < right ? -1 : left > right;
}

/* A copy sorted by address, so that 4096 addresses find their slots in no time. */
static int sorted_copy(const struct weir_slot *slots, size_t count, struct weir_slot **ret_copy)
{
	struct weir_slot *copy = calloc(count + 1, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	if (count)
		memcpy(copy, slots, count * sizeof(*copy));
	qsort(copy, count, sizeof(*copy), compare_address);
	*ret_copy = copy;
	return 0;
}

int weir_slots_assign(struct weir_wanted *wanted, size_t count, const struct weir_slot *taken,
		      size_t taken_count)
{
	_cleanup_free_ struct weir_slot *sorted = NULL;
	bool is_used[WEIR_DESTINATIONS_MAX] = {};
	unsigned int lowest = 0;
	int r;

	r = sorted_copy(taken, taken_count, &sorted);
	if (r)
		return r;
	for (size_t i = 0; i < taken_count; i++)
		if (taken[i].slot < WEIR_DESTINATIONS_MAX)
			is_used[taken[i].slot] = true;

	for (size_t i = 0; i < count; i++) {
		struct weir_slot key = {.address = htonl(wanted[i].address)};
		const struct weir_slot *old = bsearch(&key, sorted, taken_count, sizeof(key),
						      compare_address);

		if (old && old->slot < WEIR_DESTINATIONS_MAX) {
			wanted[i].slot = old->slot;
			continue;
		}
		while (lowest < WEIR_DESTINATIONS_MAX && is_used[lowest])
			lowest++;
		if (lowest == WEIR_DESTINATIONS_MAX)
			return -ENOSPC;
		wanted[i].slot = lowest++;
	}
	return 0;
}

static bool put(struct weir_set *sets, __u32 seed, const struct weir_wanted *wanted)
{
	__be32 address = htonl(wanted->address);
	struct weir_set *set = &sets[weir_set_of(address, seed)];

	for (int i = 0; i < WEIR_WAYS; i++) {
		if (set->way[i].address)
			continue;
		set->way[i] = (struct weir_destination){
			.address = address, .slot = wanted->slot, .roles = wanted->roles};
		return true;
	}
	return false;
}

static bool fits(const struct weir_wanted *wanted, size_t count, __u32 seed, struct weir_set *sets)
{
	memset(sets, 0, WEIR_SETS * sizeof(*sets));
	for (size_t i = 0; i < count; i++)
		if (!put(sets, seed, &wanted[i]))
			return false;
	return true;
}

int weir_sets_fill(const struct weir_wanted *wanted, size_t count, struct weir_set *sets,
		   __u32 *ret_seed)
{
	__u64 state = 1;

	for (int i = 0; i < SEEDS_TRIED; i++) {
		__u32 seed;

		/* Knuth's MMIX generator; its high half is the random one. Odd: no bit is lost. */
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		seed = state >> 32 | 1;
		if (fits(wanted, count, seed, sets)) {
			*ret_seed = seed;
			return 0;
		}
	}
	return -ENOSPC;
}

const struct weir_destination *weir_sets_find(const struct weir_set *sets, __u32 seed,
					      __be32 address)
{
	const struct weir_set *set = &sets[weir_set_of(address, seed)];

	for (int i = 0; address && i < WEIR_WAYS; i++)
		if (set->way[i].address == address)
			return &set->way[i];
	return NULL;
}

int weir_generation_slots(const struct weir_generation *generation, struct weir_slot **ret_slots,
			  size_t *ret_count)
{
	_cleanup_free_ struct weir_slot *slots = calloc(WEIR_DESTINATIONS_MAX, sizeof(*slots));
	size_t count = 0;

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < (size_t)WEIR_SETS * WEIR_WAYS; i++) {
		const struct weir_destination *found =
			&generation->sets[i / WEIR_WAYS].way[i % WEIR_WAYS];

		if (!found->address || count == WEIR_DESTINATIONS_MAX)
			continue;
		slots[count++] = (struct weir_slot){
			.address = found->address, .slot = found->slot, .roles = found->roles};
	}
	*ret_slots = take_pointer(slots);
	*ret_count = count;
	return 0;
}

int weir_generation_ingress(const struct weir_generation *generation, __u32 **ret_addresses,
			    size_t *ret_count)
{
	_cleanup_free_ struct weir_slot *slots = NULL;
	_cleanup_free_ __u32 *addresses = NULL;
	size_t slots_count = 0, count = 0;
	int r = weir_generation_slots(generation, &slots, &slots_count);

	addresses = calloc(slots_count ?: 1, sizeof(*addresses));
	if (r || !addresses)
		return -ENOMEM;
	for (size_t i = 0; i < slots_count; i++)
		if (slots[i].roles & WEIR_ROLE_INGRESS)
			addresses[count++] = ntohl(slots[i].address);
	*ret_count = weir_addresses_sort(addresses, count);
	*ret_addresses = take_pointer(addresses);
	return 0;
}
