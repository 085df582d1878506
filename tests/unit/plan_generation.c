// SPDX-License-Identifier: GPL-2.0-only
/*
 * A configuration made by hand, the generation built from it, and how two of them differ.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "plan/plan.h"
#include "random.h"

#define TICK_NS 4000000ULL

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct weir_ingress ingress_at(__u32 address)
{
	return (struct weir_ingress){
		.address = address, .bytes_per_s = 20000000, .burst_bytes = 1600000000};
}

static struct weir_generation *build_with(const struct weir_config *config, const __u32 *machine,
					  size_t machine_count, const struct weir_slot *taken,
					  size_t taken_count)
{
	_cleanup_diags_ struct weir_diags diags = {};
	struct weir_generation *generation = NULL;

	cr_assert_eq(weir_generation_build(config, machine, machine_count, taken, taken_count,
					   TICK_NS, &diags, &generation),
		     0);
	cr_assert_eq(diags.count, 0);
	return generation;
}

static struct weir_generation *build(const struct weir_config *config)
{
	return build_with(config, NULL, 0, NULL, 0);
}

/* Builds nothing, says so with `error` and at least one diagnostic. */
static void expect_refused(const struct weir_config *config, const struct weir_slot *taken,
			   size_t taken_count, int error)
{
	_cleanup_diags_ struct weir_diags diags = {};
	struct weir_generation *generation = NULL;

	cr_assert_eq(weir_generation_build(config, NULL, 0, taken, taken_count, TICK_NS, &diags,
					   &generation),
		     error);
	cr_assert_null(generation);
	cr_assert_geq(diags.errors, 1);
}

static const struct weir_destination *find(const struct weir_generation *generation, __u32 address)
{
	return weir_sets_find(generation->sets, generation->policy.seed, htonl(address));
}

/* The region of most tests: two ingress addresses, one egress. */
static struct weir_ingress two_ingress[2];
static struct weir_egress one_egress[1] = {{.address = 0xc6336401}};
static struct weir_listed denied[] = {{{0xcb007100, 24}, 1}, {{0xc0000207, 32}, 2}};
static struct weir_listed released[] = {{{0xcb007105, 32}, 1}};
static struct weir_listed of_cdn[] = {{{0xc6120000, 16}, 1}, {{0xc6130000, 16}, 2}};
static struct weir_list denylists[] = {{.name = "bad", .entries = denied, .count = 2}};

static struct weir_config simple(void)
{
	two_ingress[0] = ingress_at(0xc0000201);
	two_ingress[1] = ingress_at(0xc0000202);
	return (struct weir_config){
		.region = {.ingress = two_ingress,
			   .ingress_count = 2,
			   .egress = one_egress,
			   .egress_count = 1},
		.open_ports = {{80, WEIR_HTTP}, {443, WEIR_TLS}},
		.open_ports_count = 2,
		.cdn_ports = {{8080, WEIR_HTTP}, {8443, WEIR_TLS}},
		.cdn_ports_count = 2,
		.cdn = {.entries = of_cdn, .count = 2},
		.denylists = denylists,
		.denylists_count = 1,
		.allowlist = {.entries = released, .count = 1},
		.fingerprint = 42,
	};
}

Test(plan_generation, holds_what_the_configuration_says)
{
	struct weir_config config = simple();
	struct weir_generation *generation = build(&config);
	const struct weir_policy *policy = &generation->policy;
	const struct weir_destination *ingress = find(generation, 0xc0000202);

	cr_assert_eq(policy->is_complete, 1);
	cr_assert_eq(policy->open_ports[1], WEIR_PORT_USED | 443);
	cr_assert_eq(policy->open_ports[2], 0);
	cr_assert_eq(policy->cdn_ports[0], WEIR_PORT_USED | 8080);
	cr_assert_eq(policy->tls_ports, 1u << 1 | 1u << (WEIR_TLS_CDN_SHIFT + 1));
	cr_assert_eq(policy->destinations_count, 3);
	cr_assert_eq(policy->cdn_ranges_count, 1, "two that touch are one");
	cr_assert_eq(policy->allow_ranges_count, 1);
	cr_assert_eq(policy->denied_addresses, 256);
	cr_assert_eq(policy->fingerprint, 42);
	cr_assert_not_null(ingress);
	cr_assert_eq(ingress->roles, WEIR_ROLE_INGRESS);
	cr_assert_eq(generation->rates[ingress->slot].bytes_per_s, 20000000);
	cr_assert_eq(generation->rates[find(generation, 0xc6336401)->slot].factor, 0);
	cr_assert_null(find(generation, 0xc0000203));
	cr_assert_null(find(generation, 0));
	weir_generation_free(&generation);
	cr_assert_null(generation);
}

Test(plan_generation, takes_allowed_addresses_out_of_the_denylist_and_keeps_them)
{
	struct weir_config config = simple();
	struct weir_generation *generation = build(&config);

	cr_assert(weir_rank_has(&generation->rank, 0xcb007104));
	cr_assert(!weir_rank_has(&generation->rank, 0xcb007105));
	cr_assert(weir_rank_has(&generation->rank, 0xc0000207));
	cr_assert(weir_ranges_has(generation->allow, 1, 0xcb007105));
	weir_generation_free(&generation);
}

Test(plan_generation, joins_the_roles_of_one_address)
{
	struct weir_config config = simple();
	__u32 machine[] = {0xc0000201, 0xc6336401, 0x0a000001};
	struct weir_generation *generation = build_with(&config, machine, 3, NULL, 0);

	cr_assert_eq(generation->policy.destinations_count, 4);
	cr_assert_eq(find(generation, 0xc0000201)->roles, WEIR_ROLE_INGRESS | WEIR_ROLE_MACHINE);
	cr_assert_eq(find(generation, 0xc6336401)->roles, WEIR_ROLE_EGRESS | WEIR_ROLE_MACHINE);
	cr_assert_eq(find(generation, 0x0a000001)->roles, WEIR_ROLE_MACHINE);
	cr_assert_neq(generation->rates[find(generation, 0xc0000201)->slot].factor, 0);
	weir_generation_free(&generation);
}

Test(plan_generation, writes_rules_and_backends_as_the_gate_compares_them)
{
	struct weir_management management = {
		.protocol = IPPROTO_TCP,
		.from = {0xc6120000, 15},
		.to = {0, 0},
		.source_port_high = 65535,
		.port_low = 22,
		.port_high = 22,
	};
	struct weir_backend backend = {.prefix = {0x0a000000, 8}};
	struct weir_config config = simple();
	struct weir_generation *generation;
	const struct weir_rule *rule;

	config.management = &management;
	config.management_count = 1;
	config.backends = &backend;
	config.backends_count = 1;
	generation = build(&config);
	rule = &generation->policy.rules[0];
	cr_assert_eq(rule->source, htonl(0xc6120000));
	cr_assert_eq(rule->source_mask, htonl(0xfffe0000));
	cr_assert_eq(rule->destination_mask, 0);
	cr_assert(rule->port_low == 22 && rule->port_high == 22 && rule->protocol == IPPROTO_TCP);
	cr_assert_eq(generation->policy.rules_count, 1);
	cr_assert_eq(generation->policy.backends[0].mask, htonl(0xff000000));
	weir_generation_free(&generation);
}

Test(plan_generation, meters_proofs_by_the_tick)
{
	static const struct {
		__u64 tick_ns;
		__u32 want;
	} rows[] = {{4000000, 400}, {1000000, 100}, {10000000, 1000}, {1, 1}};
	struct weir_config config = simple();

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		_cleanup_diags_ struct weir_diags diags = {};
		struct weir_generation *generation = NULL;

		cr_assert_eq(weir_generation_build(&config, NULL, 0, NULL, 0, rows[i].tick_ns,
						   &diags, &generation),
			     0);
		cr_assert_eq(generation->policy.proofs_per_tick, rows[i].want);
		weir_generation_free(&generation);
	}
}

Test(plan_generation, finds_a_place_for_every_one_of_4096_neighbours)
{
	enum { COUNT = WEIR_DESTINATIONS_MAX };
	static struct weir_ingress many[COUNT];
	static bool is_used[COUNT];
	static const __u32 steps[] = {1, 256, 1024, 65536, 0x10001};
	struct weir_config config = {.region = {.ingress = many, .ingress_count = COUNT}};

	for (size_t step = 0; step < COUNT_OF(steps); step++) {
		struct weir_generation *generation;

		memset(is_used, 0, sizeof(is_used));
		for (__u32 i = 0; i < COUNT; i++)
			many[i] = ingress_at(0x0a000000 + i * steps[step]);
		generation = build(&config);
		for (__u32 i = 0; i < COUNT; i++) {
			const struct weir_destination *found = find(generation, many[i].address);

			cr_assert_not_null(found, "step %u, number %u", steps[step], i);
			cr_assert(!is_used[found->slot]);
			is_used[found->slot] = true;
		}
		cr_assert(generation->policy.seed & 1);
		weir_generation_free(&generation);
	}
}

Test(plan_generation, keeps_slots_over_rebuilds_and_gives_none_straight_to_another)
{
	enum { ROUNDS = 60, SPACE = 700, MOST = 500 };
	static struct weir_ingress some[MOST];
	uint64_t seed = random_seed();
	struct random random = {seed};
	struct weir_config config = {.region = {.ingress = some}};
	struct weir_generation *old = build(&config);

	fprintf(stderr, "WEIR_SEED=%llu\n", (unsigned long long)seed);
	for (int round = 0; round < ROUNDS; round++) {
		_cleanup_free_ struct weir_slot *taken = NULL;
		size_t count = 0, taken_count;
		struct weir_generation *new;
		__u32 holder[WEIR_DESTINATIONS_MAX] = {};

		for (__u32 i = 0; i < SPACE && count < MOST; i++)
			if (random_chance(&random, 50))
				some[count++] = ingress_at(0xc6120000 + i);
		config.region.ingress_count = count;
		cr_assert_eq(weir_generation_slots(old, &taken, &taken_count), 0);
		cr_assert_eq(taken_count, old->policy.destinations_count);
		new = build_with(&config, NULL, 0, taken, taken_count);
		for (size_t i = 0; i < taken_count; i++)
			holder[taken[i].slot] = ntohl(taken[i].address);
		for (size_t i = 0; i < count; i++) {
			const struct weir_destination *was = find(old, some[i].address);
			const struct weir_destination *is = find(new, some[i].address);

			cr_assert(!was || was->slot == is->slot);
			cr_assert(!holder[is->slot] || holder[is->slot] == some[i].address);
			holder[is->slot] = some[i].address;
		}
		weir_generation_free(&old);
		old = new;
	}
	weir_generation_free(&old);
}

Test(plan_generation, refuses_an_address_stated_with_two_rates)
{
	struct weir_config config = simple();

	two_ingress[1].address = two_ingress[0].address;
	two_ingress[1].bytes_per_s = 1000000;
	expect_refused(&config, NULL, 0, -EINVAL);
}

Test(plan_generation, refuses_a_rate_and_an_address_that_cannot_be)
{
	struct weir_config config = simple();

	two_ingress[0].bytes_per_s = 0;
	expect_refused(&config, NULL, 0, -EINVAL);
	config = simple();
	two_ingress[0].address = 0;
	expect_refused(&config, NULL, 0, -EINVAL);
}

Test(plan_generation, refuses_more_than_fits)
{
	static struct weir_ingress many[WEIR_DESTINATIONS_MAX + 1];
	static struct weir_listed lists[WEIR_ALLOW_RANGES_MAX + 1];
	static struct weir_management rules[WEIR_RULES_MAX + 1];
	static struct weir_backend backends[WEIR_BACKENDS_MAX + 1];
	struct weir_config config = simple();

	for (__u32 i = 0; i < COUNT_OF(many); i++)
		many[i] = ingress_at(0x0a000000 + i);
	config.region.ingress = many;
	config.region.ingress_count = COUNT_OF(many);
	expect_refused(&config, NULL, 0, -ENOSPC);

	for (__u32 i = 0; i < COUNT_OF(lists); i++)
		lists[i].prefix = (struct weir_prefix){i * 2, 32};
	config = simple();
	config.cdn = (struct weir_list){.entries = lists, .count = WEIR_CDN_RANGES_MAX + 1};
	expect_refused(&config, NULL, 0, -ENOSPC);
	config = simple();
	config.allowlist = (struct weir_list){.entries = lists, .count = COUNT_OF(lists)};
	expect_refused(&config, NULL, 0, -ENOSPC);

	config = simple();
	config.management = rules;
	config.management_count = COUNT_OF(rules);
	expect_refused(&config, NULL, 0, -ENOSPC);
	config = simple();
	config.backends = backends;
	config.backends_count = COUNT_OF(backends);
	expect_refused(&config, NULL, 0, -ENOSPC);
}

Test(plan_generation, refuses_new_addresses_when_the_old_ones_hold_every_slot)
{
	static struct weir_slot taken[WEIR_DESTINATIONS_MAX];
	struct weir_config config = simple();

	for (__u32 i = 0; i < COUNT_OF(taken); i++)
		taken[i] = (struct weir_slot){.address = htonl(0x0a000001 + i), .slot = i};
	expect_refused(&config, taken, COUNT_OF(taken), -ENOSPC);
}

/* ---- what would change ------------------------------------------------------------------ */

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
	live->rank.groups[7].live = 1;
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
	struct weir_diff diff;

	memcpy(blocks + 5, rank->blocks, rank->blocks_count * sizeof(*blocks));
	free(rank->blocks);
	rank->blocks = blocks;
	rank->blocks_count += 5;
	for (int i = 0; i < WEIR_GROUPS; i++)
		rank->groups[i].rank += 5;
	diff = diff_of(live, wanted);
	cr_assert_eq(diff.count, 0);
	weir_diff_done(&diff);

	/* A torn read must not read out of bounds. */
	rank->groups[weir_group_of(0xcb007100)].rank = 4000000000;
	diff = diff_of(live, wanted);
	cr_assert_eq(diff.denied.added, 255);
	weir_diff_done(&diff);
	weir_generation_free(&live);
	weir_generation_free(&wanted);
}
