/* SPDX-License-Identifier: GPL-2.0-only */
/* What a ban would cut off besides its target. */
#include "plan/cover.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

static bool covers(const struct weir_policy *policy, const char *prefix,
		   char text[static WEIR_COVER_TEXT_MAX])
{
	struct weir_slot all[] = {
		{inet_addr("203.0.113.5"), 0, WEIR_ROLE_INGRESS},
		{inet_addr("203.0.113.200"), 1, WEIR_ROLE_EGRESS},
		{inet_addr("10.0.0.1"), 2, WEIR_ROLE_MACHINE},
	};
	struct weir_prefix parsed;

	cr_assert_eq(weir_prefix_parse(prefix, strlen(prefix), &parsed, NULL, NULL), 0);
	return weir_cover_find(policy, all, 3, parsed, text);
}

static struct weir_policy policy_from(const char *source, const char *mask)
{
	struct weir_policy policy = {.rules_count = 1};

	policy.rules[0].source = inet_addr(source);
	policy.rules[0].source_mask = inet_addr(mask);
	return policy;
}

Test(plan_cover, finds_each_kind_of_address)
{
	struct weir_policy policy = {};
	char text[WEIR_COVER_TEXT_MAX];

	cr_expect(covers(&policy, "203.0.113.5", text));
	cr_expect_str_eq(text, "203.0.113.5, an ingress address");
	cr_expect(covers(&policy, "203.0.113.128/25", text));
	cr_expect_str_eq(text, "203.0.113.200, an egress address");
	cr_expect(covers(&policy, "10.0.0.0/8", text));
	cr_expect_str_eq(text, "10.0.0.1, the machine's own address");
	cr_expect_not(covers(&policy, "203.0.113.6", text));
	cr_expect_not(covers(&policy, "10.0.0.2/31", text));
}

Test(plan_cover, finds_everything_under_the_default_prefix)
{
	struct weir_policy policy = {};
	char text[WEIR_COVER_TEXT_MAX];

	cr_expect(covers(&policy, "0.0.0.0/0", text));
}

Test(plan_cover, finds_a_management_source_only_when_it_is_covered_whole)
{
	struct weir_policy policy = policy_from("192.0.2.0", "255.255.255.0");
	char text[WEIR_COVER_TEXT_MAX];

	cr_expect(covers(&policy, "192.0.2.0/24", text));
	cr_expect_str_eq(text, "192.0.2.0/24, a management source");
	cr_expect(covers(&policy, "192.0.0.0/16", text));
	cr_expect_not(covers(&policy, "192.0.2.0/25", text));
	cr_expect_not(covers(&policy, "198.51.100.0/24", text));
}

Test(plan_cover, rule_from_anywhere_has_no_source_to_cover)
{
	struct weir_policy policy = policy_from("0.0.0.0", "0.0.0.0");
	char text[WEIR_COVER_TEXT_MAX];

	cr_expect_not(covers(&policy, "192.0.2.0/24", text));
}
