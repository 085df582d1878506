/* SPDX-License-Identifier: GPL-2.0-only */
/* A prefix against the addresses and rules of a policy -> what of them it covers, in words. */
#include "plan/cover.h"

#include <arpa/inet.h>
#include <stdio.h>

static const char *role_text(__u8 roles)
{
	return roles & WEIR_ROLE_INGRESS  ? "an ingress address"
	       : roles & WEIR_ROLE_EGRESS ? "an egress address"
					  : "the machine's own address";
}

static bool covers_rule(struct weir_prefix prefix, const struct weir_rule *rule)
{
	__u32 source = ntohl(rule->source), mask = ntohl(rule->source_mask);

	return mask && (weir_prefix_mask(prefix.length) & ~mask) == 0 &&
	       weir_prefix_has(prefix, source);
}

bool weir_cover_find(const struct weir_policy *policy, const struct weir_slot *slots,
		     size_t slots_count, struct weir_prefix prefix,
		     char ret_text[static WEIR_COVER_TEXT_MAX])
{
	char text[WEIR_PREFIX_TEXT_MAX];

	for (size_t i = 0; i < slots_count; i++) {
		__u32 address = ntohl(slots[i].address);

		if (!weir_prefix_has(prefix, address))
			continue;
		snprintf(ret_text, WEIR_COVER_TEXT_MAX, "%s, %s",
			 weir_address_format(address, text), role_text(slots[i].roles));
		return true;
	}
	for (__u32 i = 0; i < policy->rules_count && i < WEIR_RULES_MAX; i++) {
		const struct weir_rule *rule = &policy->rules[i];
		struct weir_prefix source = {ntohl(rule->source),
					     __builtin_popcount(rule->source_mask)};

		if (!covers_rule(prefix, rule))
			continue;
		snprintf(ret_text, WEIR_COVER_TEXT_MAX, "%s, a management source",
			 weir_prefix_format(source, text));
		return true;
	}
	return false;
}
