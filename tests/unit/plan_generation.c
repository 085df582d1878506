/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A configuration made by hand, and what the generation built from it holds.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/ranges.h"
#include "plan_scene.h"
#include "random.h"

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

	/* Those of all lists count, before any is looked at. */
	config = simple();
	config.denylists = (struct weir_list[]){{.entries = denied, .count = WEIR_PREFIXES_MAX},
						{.entries = denied, .count = 1}};
	config.denylists_count = 2;
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
