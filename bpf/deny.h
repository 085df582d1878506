/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 3: is the source listed?
 *
 * One lookup answers for almost every packet (the drawing is in weir/deny.h). The allowlist is
 * already cut out of the base denylist; what is left to ask of it is only about live bans.
 * Fails closed: a lookup that must succeed and does not drops the packet.
 */
#ifndef WEIR_BPF_DENY_H
#define WEIR_BPF_DENY_H

#include <bpf/bpf_endian.h>

#include "gate_maps.h"
#include "packet.h"
#include "policy_maps.h"
#include "ranges.h"

/*
 * Does an unexpired live entry of this kind hold the host-order address, at any length? Global,
 * so that the kernel verifies its loop once, not once for each path that leads here.
 */
__noinline bool live_has(__u32 kind, __u64 lengths, __u32 address)
{
	for (__u32 i = 0; i <= 32; i++) {
		__u32 length = 32 - i; /* most bans are of single addresses */
		struct weir_live_key key = {.kind = kind, .length = length};
		const struct weir_live_entry *entry;

		if (!(lengths >> length & 1))
			continue;
		key.prefix = bpf_htonl(length ? address & ~0U << (32 - length) : 0);
		entry = bpf_map_lookup_elem(&weir_live, &key);
		if (entry && (!entry->until_ns || entry->until_ns > bpf_ktime_get_coarse_ns()))
			return true;
	}
	return false;
}

/* The verdict of the overlay, where it may have one. `is_listed` is what the base says. */
static __always_inline __u32 deny_live(struct weir_packet *p, __u32 source, bool is_listed)
{
	__u32 key = 0;
	const struct weir_control *control = bpf_map_lookup_elem(&weir_control, &key);

	if (!control)
		return WEIR_DROP_MAP;
	if (live_has(WEIR_LIVE_RELEASE, control->release_lengths, source))
		return WEIR_UNDECIDED;
	if (is_listed)
		return WEIR_DROP_DENIED;
	if (!live_has(WEIR_LIVE_BAN, control->ban_lengths, source))
		return WEIR_UNDECIDED;
	return allow_has(p->half, p->policy->allow_ranges_count, source) ? WEIR_UNDECIDED
									 : WEIR_DROP_BANNED;
}

/* The verdict on a source of whose /20 something is listed. */
static __always_inline __u32 deny_network(struct weir_packet *p, __u32 source)
{
	__u64 bit = weir_network_bit(source);
	__u32 key = p->half * WEIR_GROUPS + weir_group_of(source);
	const struct weir_group *group = bpf_map_lookup_elem(&weir_groups, &key);
	bool is_listed;

	if (!group)
		return WEIR_DROP_MAP;
	if (!((group->all | group->mixed | group->live) & bit))
		return WEIR_UNDECIDED;
	is_listed = group->all & bit;
	if (group->mixed & bit) {
		__u32 index = weir_block_of(group, bit);
		const struct weir_block *block = bpf_map_lookup_elem(&weir_blocks, &index);

		if (!block)
			return WEIR_DROP_MAP;
		is_listed = weir_block_has(block, source);
	}
	if (group->live & bit)
		return deny_live(p, source, is_listed);
	return is_listed ? WEIR_DROP_DENIED : WEIR_UNDECIDED;
}

static __always_inline __u32 deny(struct weir_packet *p)
{
	__u32 source = bpf_ntohl(p->source);
	__u32 key = p->half * WEIR_AREAS + weir_area_of(source);
	const struct weir_area *area = bpf_map_lookup_elem(&weir_areas, &key);

	if (!area)
		return WEIR_DROP_MAP;
	if (!((area->listed | area->live) & weir_area_bit(source)))
		return WEIR_UNDECIDED;
	return deny_network(p, source);
}

#endif
