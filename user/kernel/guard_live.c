/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bans to be added, or releases to be removed -> whom of those connected they would shut out. The
 * verdict of now comes from the program, and what changes it from the table: nobody can ask a
 * program about a table that is not there yet.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "base/ranges.h"
#include "kernel/generation.h"
#include "kernel/guard.h"
#include "kernel/guard_steps.h"
#include "kernel/overlay.h"
#include "kernel/twin.h"
#include "net/peers.h"

/* What a command is about to do to the table. */
struct change {
	__u32 kind; /* WEIR_LIVE_BAN: to be added; WEIR_LIVE_RELEASE: to be removed */
	const struct weir_prefix *prefixes;
	size_t count;
};

/* Keep the peers that one of the prefixes holds. */
static int keep_covered(struct guard *guard, const struct change *change)
{
	_cleanup_free_ struct weir_range *ranges = calloc(change->count ?: 1, sizeof(*ranges));
	size_t count, kept = 0;

	if (!ranges)
		return weir_fail(guard->diags, -ENOMEM, "out of memory");
	for (size_t i = 0; i < change->count; i++)
		ranges[i] = (struct weir_range){change->prefixes[i].address,
						weir_prefix_last(change->prefixes[i])};
	count = weir_ranges_merge(ranges, change->count);
	for (size_t i = 0; i < guard->count; i++)
		if (!guard->peers[i].is_ipv6 &&
		    weir_ranges_has(ranges, count, weir_peer_address(&guard->peers[i])))
			guard->peers[kept++] = guard->peers[i];
	guard->count = kept;
	return 0;
}

/* The entries themselves, not what they cover. */
static bool names(const struct change *change, struct weir_prefix prefix)
{
	for (size_t i = 0; i < change->count; i++)
		if (change->prefixes[i].address == prefix.address &&
		    change->prefixes[i].length == prefix.length)
			return true;
	return false;
}

/* Does the table hold the address, leaving out what the command removes? */
static bool has_entry(const struct guard *guard, const struct change *change, __u32 kind,
		      __u32 address)
{
	__u64 until_ns;

	for (__u8 length = 0; length <= 32; length++) {
		struct weir_prefix prefix = {address & weir_prefix_mask(length), length};

		if (!weir_overlay_get(guard->maps, kind, prefix, &until_ns) &&
		    !(kind == WEIR_LIVE_RELEASE && kind == change->kind && names(change, prefix)))
			return true;
	}
	return false;
}

/* The gate's order: a release wins, then the base denylist, then a ban that is not allowed. */
static enum weir_reason will_deny(const struct guard *guard, const struct change *change,
				  const struct weir_generation *live, __u32 address)
{
	bool is_banned = change->kind == WEIR_LIVE_BAN ||
			 has_entry(guard, change, WEIR_LIVE_BAN, address);

	if (has_entry(guard, change, WEIR_LIVE_RELEASE, address))
		return WEIR_UNDECIDED;
	if (weir_rank_has(&live->rank, address))
		return WEIR_DROP_DENIED;
	if (!is_banned || weir_ranges_has(live->allow, live->policy.allow_ranges_count, address))
		return WEIR_UNDECIDED;
	return WEIR_DROP_BANNED;
}

static void keep_denied(struct guard *guard, const struct change *change,
			const struct weir_generation *live)
{
	size_t kept = 0;

	for (size_t i = 0; i < guard->count; i++) {
		struct weir_peer *peer = &guard->peers[i];

		peer->reason = will_deny(guard, change, live, weir_peer_address(peer));
		if (peer->reason)
			guard->peers[kept++] = *peer;
	}
	guard->count = kept;
}

/* Of those covered, whom the gate lets in now. */
static int keep_let_in(struct guard *guard, struct weir_maps *maps)
{
	__u32 half = weir_maps_half(maps);
	struct weir_generation live;
	int r = weir_guard_add_interfaces(guard);

	if (r || !weir_generation_view(maps, half, &live))
		return r;
	r = weir_guard_keep_ours(guard, &live);
	if (r || !guard->count)
		return r;
	return weir_twin_open(guard->paths, maps, half, guard->diags, &guard->twin_fd)
		       ?: weir_guard_judge(guard, false)
		       ?: weir_maps_open_base(maps, guard->diags);
}

int weir_guard_prefixes(const struct weir_paths *paths, struct weir_maps *maps, __u32 kind,
			const struct weir_prefix *prefixes, size_t count, struct weir_diags *diags)
{
	_cleanup_guard_ struct guard guard = {
		.paths = paths, .maps = maps, .diags = diags, .twin_fd = -1};
	const struct change change = {kind, prefixes, count};
	struct weir_generation live;
	int r = weir_peers_read(diags, &guard.peers, &guard.count) ?: keep_covered(&guard, &change);

	if (r || !guard.count)
		return r;
	r = keep_let_in(&guard, maps);
	if (r || !weir_generation_view(maps, weir_maps_half(maps), &live))
		return r;
	keep_denied(&guard, &change, &live);
	return weir_guard_conclude(&guard, &live.policy);
}
