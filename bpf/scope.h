/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 2: may a packet of this kind come to this destination at all?
 *
 * Sets the claim, the reason under which the packet passes unless a later stage objects, or
 * drops. Never passes by itself: whatever the class, the source is still to be judged. Fails
 * closed: a destination that is not found is not ours.
 */
#ifndef WEIR_BPF_SCOPE_H
#define WEIR_BPF_SCOPE_H

#include <linux/in.h>

#include <bpf/bpf_endian.h>

#include "packet.h"
#include "parse.h"
#include "policy.h"
#include "ranges.h"

/* The policy in force, for this packet from here on: the index is read once. */
static __always_inline __u32 enter_policy(struct weir_packet *p)
{
	p->half = policy_half(p->control);
	p->policy = bpf_map_lookup_elem(&weir_policy, &p->half);
	if (!p->policy)
		return WEIR_DROP_MAP;
	return p->policy->is_complete ? WEIR_UNDECIDED : WEIR_DROP_NO_POLICY;
}

/* The roles of the destination, 0 when it is none of ours. Remembers the slot of an ingress. */
static __always_inline __u8 scope_roles(struct weir_packet *p)
{
	const struct weir_destination *destination = policy_destination(p->half, p->policy->seed,
									p->destination);

	if (!destination)
		return 0;
	p->slot = destination->slot;
	p->has_slot = !!(destination->roles & WEIR_ROLE_INGRESS);
	return destination->roles;
}

/* To an ingress address: claims an open port or a CDN port, else says what is wrong. */
static __always_inline __u32 scope_ingress(struct weir_packet *p)
{
	if (p->protocol == IPPROTO_ICMP)
		return WEIR_DROP_ICMP;
	if (p->protocol != IPPROTO_TCP)
		return WEIR_DROP_NOT_TCP;
	if (policy_port(p->policy->open_ports, p->port) >= 0) {
		p->claim = WEIR_PASS_INGRESS;
		return WEIR_UNDECIDED;
	}
	if (policy_port(p->policy->cdn_ports, p->port) < 0)
		return WEIR_DROP_PORT;
	if (!cdn_has(p->half, p->policy->cdn_ranges_count, bpf_ntohl(p->source)))
		return WEIR_DROP_CDN_SOURCE;
	p->claim = WEIR_PASS_CDN;
	return WEIR_UNDECIDED;
}

static __always_inline bool rule_matches(const struct weir_rule *rule, const struct weir_packet *p)
{
	return (!rule->protocol || rule->protocol == p->protocol) &&
	       (p->source & rule->source_mask) == rule->source &&
	       (p->destination & rule->destination_mask) == rule->destination &&
	       p->source_port >= rule->source_port_low &&
	       p->source_port <= rule->source_port_high && p->port >= rule->port_low &&
	       p->port <= rule->port_high;
}

/*
 * Does a rule name the packet? A global function, of plain numbers: the kernel verifies it once,
 * and not once more for each path that leads here, which took 75,000 steps of the verifier's.
 */
__noinline bool rules_name(__u32 half, __be32 source, __be32 destination, __u32 ports,
			   __u32 protocol)
{
	const struct weir_policy *policy = bpf_map_lookup_elem(&weir_policy, &half);
	const struct weir_packet p = {
		.source = source,
		.destination = destination,
		.source_port = ports >> 16,
		.port = ports,
		.protocol = protocol,
	};

	for (__u32 i = 0; policy && i < WEIR_RULES_MAX && i < policy->rules_count; i++)
		if (rule_matches(&policy->rules[i], &p))
			return true;
	return false;
}

static __always_inline bool is_managed(const struct weir_packet *p)
{
	return rules_name(p->half, p->source, p->destination, (__u32)p->source_port << 16 | p->port,
			  p->protocol);
}

/* A container's answer to the proxy, where one NIC has both sides: never a connection's first. */
static __always_inline bool is_backend_reply(const struct weir_packet *p)
{
	if (p->protocol != IPPROTO_TCP || !(p->tcp_flags & (TCP_ACK | TCP_RST)))
		return false;
	for (__u32 i = 0; i < WEIR_BACKENDS_MAX && i < p->policy->backends_count; i++) {
		const struct weir_masked *backend = &p->policy->backends[i];

		if ((p->source & backend->mask) == backend->address)
			return true;
	}
	return false;
}

/* The claim of a packet that answers something, to be proved. */
static __always_inline __u32 return_claim(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return WEIR_PASS_RETURN_TCP;
	case IPPROTO_ICMP:
		return WEIR_PASS_ICMP;
	default:
		return WEIR_PASS_RETURN_UDP;
	}
}

/* Not ingress traffic: a rule names it, or it must prove that it answers something of ours. */
static __always_inline __u32 scope_other(struct weir_packet *p, __u8 roles, __u32 refusal)
{
	if (is_managed(p)) {
		p->claim = WEIR_PASS_MANAGEMENT;
		return WEIR_UNDECIDED;
	}
	if (!roles)
		return refusal;
	if (roles & WEIR_ROLE_MACHINE && is_backend_reply(p)) {
		p->claim = WEIR_PASS_BACKEND;
		return WEIR_UNDECIDED;
	}
	if (p->protocol == IPPROTO_ICMP && !p->is_fragmentation_needed)
		return WEIR_DROP_ICMP;
	if (p->protocol != IPPROTO_ICMP && !(roles & (WEIR_ROLE_EGRESS | WEIR_ROLE_MACHINE)))
		return refusal;
	p->claim = return_claim(p->protocol);
	p->needs_proof = 1;
	return WEIR_UNDECIDED;
}

static __always_inline __u32 scope(struct weir_packet *p)
{
	__u8 roles = scope_roles(p);
	__u32 refusal = WEIR_DROP_NOT_INGRESS;

	if (roles & WEIR_ROLE_INGRESS)
		refusal = scope_ingress(p);
	return refusal ? scope_other(p, roles, refusal) : WEIR_UNDECIDED;
}

#endif
