/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How two generations differ: nothing where nothing decides otherwise, else a line for each thing.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "base/ranges.h"
#include "plan_scene.h"
#include "random.h"

static struct weir_diff diff_of(const struct weir_generation *live,
				const struct weir_generation *wanted)
{
	struct weir_diff diff;

	cr_assert_eq(weir_diff_make(live, wanted, &diff), 0);
	return diff;
}

/* Is the line among those of the diff? */
static bool says(const struct weir_diff *diff, enum weir_change_kind kind, char sign,
		 const char *text)
{
	for (size_t i = 0; i < diff->count; i++)
		if (diff->items[i].kind == kind && diff->items[i].sign == sign &&
		    strcmp(diff->items[i].text, text) == 0)
			return true;
	return false;
}

Test(plan_diff, is_empty_between_two_builds_of_one_configuration)
{
	struct weir_config config = simple();
	struct weir_generation *live = build(&config), *wanted;
	struct weir_slot taken = {.address = htonl(0xc0000202), .slot = 9};
	struct weir_diff diff;

	/* Another slot, another time, another comment in a file: nothing that decides. */
	config.fingerprint = 43;
	wanted = build_with(&config, NULL, 0, &taken, 1);
	live->policy.applied_at_s = 1;
	live->rank.areas[7].live = 1;
	diff = diff_of(live, wanted);
	cr_assert_eq(diff.count, 0);
	weir_diff_done(&diff);
	weir_generation_free(&live);
	weir_generation_free(&wanted);
}

Test(plan_diff, adds_everything_to_a_gate_without_a_policy)
{
	struct weir_config config = simple();
	struct weir_generation *wanted = build(&config), *live = build(&config);
	struct weir_diff diff = diff_of(NULL, wanted), again;

	cr_assert(
		says(&diff, WEIR_CHANGE_DESTINATION, '+', "192.0.2.1 ingress 20MB/s burst 1.6GB"));
	cr_assert(says(&diff, WEIR_CHANGE_DESTINATION, '+', "198.51.100.1 egress"));
	cr_assert(says(&diff, WEIR_CHANGE_PORT, '+', "443 tls"));
	cr_assert(says(&diff, WEIR_CHANGE_CDN_PORT, '+', "8080 http"));
	cr_assert(says(&diff, WEIR_CHANGE_DENYLIST, '+', "256 addresses"));
	cr_assert(says(&diff, WEIR_CHANGE_ALLOWLIST, '+', "1 address"));
	cr_assert(says(&diff, WEIR_CHANGE_CDN, '+', "131072 addresses"));
	cr_assert_eq(diff.count, 10);

	live->policy.is_complete = 0;
	again = diff_of(live, wanted);
	cr_assert_eq(again.count, diff.count);
	weir_diff_done(&again);
	weir_diff_done(&diff);
	weir_generation_free(&live);
	weir_generation_free(&wanted);
}

Test(plan_diff, names_each_thing_that_changes)
{
	struct weir_management ssh = {.protocol = IPPROTO_TCP,
				      .from = {0xc6120000, 15},
				      .source_port_high = 65535,
				      .port_low = 22,
				      .port_high = 22};
	struct weir_backend backend = {.prefix = {0x0a000000, 8}};
	struct weir_listed denied_then[] = {{{0xcb007100, 25}, 1}, {{0xc0000208, 31}, 2}};
	struct weir_list denylists_then[] = {{.entries = denied_then, .count = 2}};
	struct weir_config config = simple();
	struct weir_generation *live = build(&config), *wanted;
	struct weir_diff diff;

	two_ingress[0].bytes_per_s = 1600000000;
	two_ingress[1].address = 0xc0000203;
	config.open_ports[0].protocol = WEIR_TLS;
	config.cdn_ports_count = 1;
	config.management = &ssh;
	config.management_count = 1;
	config.backends = &backend;
	config.backends_count = 1;
	config.does_nat = true;
	config.denylists = denylists_then;
	config.allowlist.count = 0;
	config.cdn.count = 1;
	wanted = build(&config);
	diff = diff_of(live, wanted);
	cr_assert(says(&diff, WEIR_CHANGE_DESTINATION, '~',
		       "192.0.2.1 ingress 20MB/s burst 1.6GB -> ingress 1.6GB/s burst 1.6GB"));
	cr_assert(
		says(&diff, WEIR_CHANGE_DESTINATION, '-', "192.0.2.2 ingress 20MB/s burst 1.6GB"));
	cr_assert(
		says(&diff, WEIR_CHANGE_DESTINATION, '+', "192.0.2.3 ingress 20MB/s burst 1.6GB"));
	cr_assert(says(&diff, WEIR_CHANGE_PORT, '+', "80 tls"));
	cr_assert(says(&diff, WEIR_CHANGE_PORT, '-', "80 http"));
	cr_assert(says(&diff, WEIR_CHANGE_CDN_PORT, '-', "8443 tls"));
	cr_assert(
		says(&diff, WEIR_CHANGE_RULE, '+', "tcp from 198.18.0.0/15 to 0.0.0.0/0 port 22"));
	cr_assert(says(&diff, WEIR_CHANGE_BACKEND, '+', "10.0.0.0/8"));
	cr_assert(says(&diff, WEIR_CHANGE_SETTING, '~', "egress: nat"));
	/* 203.0.113.5 is denied now; 203.0.113.128 to .255 and 192.0.2.7 no more. */
	cr_assert(says(&diff, WEIR_CHANGE_DENYLIST, '+', "3 addresses"));
	cr_assert(says(&diff, WEIR_CHANGE_DENYLIST, '-', "129 addresses"));
	cr_assert(says(&diff, WEIR_CHANGE_ALLOWLIST, '-', "1 address"));
	cr_assert(says(&diff, WEIR_CHANGE_CDN, '-', "65536 addresses"));
	cr_assert_eq(diff.count, 13);
	weir_diff_done(&diff);
	weir_generation_free(&live);
	weir_generation_free(&wanted);
}

Test(plan_diff, counts_denied_addresses_as_a_bit_per_address_would)
{
	enum { ROUNDS = 200, RANGES = 30, SPACE = 1 << 13 };
	uint64_t seed = random_seed();
	struct random random = {seed};
	struct weir_config config = {};
	struct weir_generation *sides[2];

	fprintf(stderr, "WEIR_SEED=%llu\n", (unsigned long long)seed);
	sides[0] = build(&config);
	sides[1] = build(&config);
	for (int round = 0; round < ROUNDS; round++) {
		bool truth[2][SPACE] = {};
		__u64 added = 0, removed = 0;
		struct weir_diff diff;

		for (int side = 0; side < 2; side++) {
			struct weir_range ranges[RANGES];
			size_t count = random_below(&random, RANGES);

			for (size_t i = 0; i < count; i++) {
				__u32 low = random_below(&random, SPACE);
				__u32 high = low + random_below(&random, 700);

				high = high < SPACE ? high : SPACE - 1;
				ranges[i] = (struct weir_range){low, high};
				memset(truth[side] + low, 1, high - low + 1);
			}
			weir_rank_done(&sides[side]->rank);
			count = weir_ranges_merge(ranges, count);
			cr_assert_eq(weir_rank_build(ranges, count, NULL, 0, &sides[side]->rank),
				     0);
		}
		for (int i = 0; i < SPACE; i++) {
			added += truth[1][i] && !truth[0][i];
			removed += truth[0][i] && !truth[1][i];
		}
		diff = diff_of(sides[0], sides[1]);
		cr_assert_eq(diff.denied.added, added);
		cr_assert_eq(diff.denied.removed, removed);
		weir_diff_done(&diff);
	}
	weir_generation_free(&sides[0]);
	weir_generation_free(&sides[1]);
}

Test(plan_diff, reads_a_live_half_whose_ranks_stand_in_the_whole_of_the_blocks)
{
	struct weir_config config = simple();
	struct weir_generation *live = build(&config), *wanted = build(&config);
	struct weir_rank *rank = &live->rank;
	struct weir_block *blocks = calloc(rank->blocks_count + 5, sizeof(*blocks));
	__u32 torn = 0xcb007100;
	struct weir_diff diff;

	memcpy(blocks + 5, rank->blocks, rank->blocks_count * sizeof(*blocks));
	free(rank->blocks);
	rank->blocks = blocks;
	rank->blocks_count += 5;
	for (size_t i = 0; i < rank->cells_count; i++)
		rank->cells[i].rank += 5;
	diff = diff_of(live, wanted);
	cr_assert_eq(diff.count, 0);
	weir_diff_done(&diff);

	/* A torn read must not read out of bounds. */
	rank->cells[rank->ranks[weir_area_of(torn)] +
		    weir_cell_of(rank->areas[weir_area_of(torn)].listed, torn)]
		.rank = 4000000000;
	diff = diff_of(live, wanted);
	cr_assert_eq(diff.denied.added, 255);
	weir_diff_done(&diff);
	weir_generation_free(&live);
	weir_generation_free(&wanted);
}
