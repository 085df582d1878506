/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small configuration made by hand, and generations built from it: what the tests of
 * generations and of their differences begin with.
 */
#ifndef WEIR_TESTS_PLAN_SCENE_H
#define WEIR_TESTS_PLAN_SCENE_H

#include <criterion/criterion.h>

#include "plan/plan.h"

#define TICK_NS 4000000ULL

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static inline struct weir_ingress ingress_at(__u32 address)
{
	return (struct weir_ingress){
		.address = address, .bytes_per_s = 20000000, .burst_bytes = 1600000000};
}

static inline struct weir_generation *build_with(const struct weir_config *config,
						 const __u32 *machine, size_t machine_count,
						 const struct weir_slot *taken, size_t taken_count)
{
	_cleanup_diags_ struct weir_diags diags = {};
	struct weir_generation *generation = NULL;

	cr_assert_eq(weir_generation_build(config, machine, machine_count, taken, taken_count,
					   TICK_NS, &diags, &generation),
		     0);
	cr_assert_eq(diags.count, 0);
	return generation;
}

static inline struct weir_generation *build(const struct weir_config *config)
{
	return build_with(config, NULL, 0, NULL, 0);
}

/* The region of most tests: two ingress addresses, one egress. */
static struct weir_ingress two_ingress[2];
static struct weir_egress one_egress[1] = {{.address = 0xc6336401}};
static struct weir_listed denied[] = {{{0xcb007100, 24}, 1}, {{0xc0000207, 32}, 2}};
static struct weir_listed released[] = {{{0xcb007105, 32}, 1}};
static struct weir_listed of_cdn[] = {{{0xc6120000, 16}, 1}, {{0xc6130000, 16}, 2}};
static struct weir_list denylists[] = {{.name = "bad", .entries = denied, .count = 2}};

static inline struct weir_config simple(void)
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

#endif
