/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Seed in, prefixes out. A cluster is a /20; one in sixty entries founds one, four entries in
 * five lie in one, and the first clusters are the largest, as in real lists.
 */
#include "listgen.h"
#include "random.h"

enum { CLUSTER_LENGTH = 20, ENTRIES_IN_CLUSTER = 60, IN_CLUSTER_PERCENT = 80, NETWORK_PERCENT = 5 };

static const struct weir_prefix unlisted[] = {
	{0x00000000, 8},  /* 0.0.0.0 */
	{0x0a000000, 8},  /* 10.0.0.0 */
	{0x7f000000, 8},  /* 127.0.0.0 */
	{0xa9fe0000, 16}, /* 169.254.0.0 */
	{0xac100000, 12}, /* 172.16.0.0 */
	{0xc0000200, 24}, /* 192.0.2.0 */
	{0xc0a80000, 16}, /* 192.168.0.0 */
	{0xc6120000, 15}, /* 198.18.0.0 */
	{0xc6336400, 24}, /* 198.51.100.0 */
	{0xcb007100, 24}, /* 203.0.113.0 */
	{0xe0000000, 3},  /* 224.0.0.0 and above */
};

/* How often each length occurs among networks, in a hundred. */
static const struct {
	uint8_t length, percent;
} lengths[] = {
	{24, 60}, {23, 8}, {22, 10}, {21, 5}, {20, 4}, {19, 2},
	{18, 1},  {25, 3}, {26, 2},  {27, 2}, {28, 1}, {29, 2},
};

/* Does any part of the prefix belong to what no list holds? */
static bool is_unlisted(struct weir_prefix prefix)
{
	for (size_t i = 0; i < sizeof(unlisted) / sizeof(unlisted[0]); i++)
		if (weir_prefix_has(unlisted[i], prefix.address) ||
		    weir_prefix_has(prefix, unlisted[i].address))
			return true;
	return false;
}

static struct weir_prefix prefix_at(uint32_t address, uint8_t length)
{
	return (struct weir_prefix){address & weir_prefix_mask(length), length};
}

static uint8_t random_length(struct random *random)
{
	uint32_t at = random_below(random, 100);

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		if (at < lengths[i].percent)
			return lengths[i].length;
		at -= lengths[i].percent;
	}
	return 24;
}

/* A pure function of seed and number, so that clusters take no memory. */
static uint32_t cluster_at(uint64_t seed, uint32_t number)
{
	struct random random = {seed ^ (uint64_t)number << 32};

	return random_u32(&random) & weir_prefix_mask(CLUSTER_LENGTH);
}

static uint32_t random_address(struct random *random, uint64_t seed, uint32_t clusters)
{
	uint32_t number;

	if (!random_chance(random, IN_CLUSTER_PERCENT))
		return random_u32(random);
	number = random_below(random, random_below(random, clusters) + 1);
	return cluster_at(seed, number) | (random_u32(random) & ~weir_prefix_mask(CLUSTER_LENGTH));
}

void listgen_realistic(uint64_t seed, size_t count, struct weir_prefix *ret_prefixes)
{
	struct random random = {seed};
	uint32_t clusters = count / ENTRIES_IN_CLUSTER + 1;

	for (size_t i = 0; i < count;) {
		bool is_network = random_chance(&random, NETWORK_PERCENT);
		uint8_t length = is_network ? random_length(&random) : 32;

		ret_prefixes[i] = prefix_at(random_address(&random, seed, clusters), length);
		i += !is_unlisted(ret_prefixes[i]);
	}
}

void listgen_uniform(uint64_t seed, size_t count, struct weir_prefix *ret_prefixes)
{
	struct random random = {seed};

	for (size_t i = 0; i < count;) {
		ret_prefixes[i] = prefix_at(random_u32(&random), 32);
		i += !is_unlisted(ret_prefixes[i]);
	}
}
