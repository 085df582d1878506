/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of one generation, all else of another. */
#include <criterion/criterion.h>
#include <netinet/in.h>

#include "plan_scene.h"

/* What differs from `live` in more than lists, when the lists of `wanted` are grafted on. */
static size_t graft(const struct weir_generation *live, struct weir_generation *wanted)
{
	struct weir_diff diff = {};
	size_t others = 0;

	cr_assert_eq(weir_generation_graft(live, wanted, &others), 0);
	cr_assert_eq(weir_diff_make(live, wanted, &diff), 0);
	for (size_t i = 0; i < diff.count; i++)
		cr_expect(diff.items[i].kind == WEIR_CHANGE_DENYLIST ||
				  diff.items[i].kind == WEIR_CHANGE_ALLOWLIST ||
				  diff.items[i].kind == WEIR_CHANGE_CDN,
			  "%s", diff.items[i].text);
	weir_diff_done(&diff);
	return others;
}

Test(plan_graft, takes_every_list_and_nothing_else)
{
	struct weir_config config = simple();
	struct weir_generation *live = build(&config), *wanted;

	denied[1].prefix.address++;
	config.allowlist.count = 0;
	config.cdn.count = 1;
	config.open_ports_count = 1;
	config.fingerprint = 43;
	two_ingress[1].address++;
	two_ingress[0].bytes_per_s *= 2;
	wanted = build(&config);
	cr_expect_gt(graft(live, wanted), 2);
	cr_expect(weir_rank_has(&wanted->rank, 0xc0000208));
	cr_expect_not(weir_rank_has(&wanted->rank, 0xc0000207));
	cr_expect(weir_rank_has(&wanted->rank, 0xcb007105));
	cr_expect_eq(wanted->policy.allow_ranges_count, 0);
	cr_expect_eq(wanted->policy.open_ports[1], live->policy.open_ports[1]);
	cr_expect_not_null(weir_sets_find(wanted->sets, wanted->policy.seed, htonl(0xc0000202)));
	cr_expect_neq(wanted->policy.fingerprint, 43);
	cr_expect_neq(wanted->policy.fingerprint, 42);
	weir_generation_free(&live);
	weir_generation_free(&wanted);
}

Test(plan_graft, is_what_the_files_say_where_they_changed_in_lists_alone)
{
	struct weir_config config = simple();
	struct weir_generation *live = build(&config), *wanted;

	config.denylists_count = 0;
	config.fingerprint = 43;
	wanted = build(&config);
	cr_expect_eq(graft(live, wanted), 0);
	cr_expect_eq(wanted->policy.fingerprint, 43);
	cr_expect_eq(wanted->policy.denied_addresses, 0);
	weir_generation_free(&live);
	weir_generation_free(&wanted);
}

/* Or whoever brings an interface up later would take it for the policy of files. */
Test(plan_graft, of_management_alone_stays_management_alone)
{
	struct weir_config config = simple();
	struct weir_generation *live, *wanted = build(&config);

	config.fingerprint = WEIR_FINGERPRINT_MANAGEMENT;
	config.open_ports_count = 0;
	live = build(&config);
	cr_expect_gt(graft(live, wanted), 0);
	cr_expect_eq(wanted->policy.fingerprint, WEIR_FINGERPRINT_MANAGEMENT);
	weir_generation_free(&live);
	weir_generation_free(&wanted);
}
