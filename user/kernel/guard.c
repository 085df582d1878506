/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Peers -> those that count -> verdicts of the real program -> a refusal with the lines to add.
 * For live entries the verdict of now comes from the program, and what changes it from the table.
 */
#include "kernel/guard.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fail.h"
#include "base/ranges.h"
#include "kernel/generation.h"
#include "kernel/overlay.h"
#include "kernel/pins.h"
#include "kernel/twin.h"
#include "net/peers.h"
#include "report/reason.h"

enum { NAMED_MAX = 20 };

struct guard {
	const struct weir_paths *paths;
	const struct weir_maps *maps;
	const struct weir_config *config;
	struct weir_diags *diags;
	struct weir_peer *peers; /* in the end, those that are locked out */
	size_t count;
	__u32 *interfaces;
	size_t interfaces_count;
	int twin_fd;
};

static void guard_done(struct guard *guard)
{
	free(guard->peers);
	free(guard->interfaces);
	closep(&guard->twin_fd);
}

/* ---- who counts ------------------------------------------------------------------------- */

static int add_interface(struct guard *guard, __u32 ifindex)
{
	__u32 *next = ifindex ? weir_array_add(&guard->interfaces, &guard->interfaces_count) : NULL;

	if (next)
		*next = ifindex;
	return ifindex && !next ? -ENOMEM : 0;
}

/* The interfaces that are filtered, and those that the files want filtered. */
static int add_interfaces(struct guard *guard)
{
	_cleanup_links_ struct weir_links links = {};
	int r = weir_links_open(guard->paths, guard->diags, &links);

	for (size_t i = 0; !r && i < links.count; i++)
		if (if_nametoindex(links.items[i].interface) == links.items[i].ifindex)
			r = add_interface(guard, links.items[i].ifindex);
	for (size_t i = 0; !r && guard->config && i < guard->config->interfaces_count; i++)
		r = add_interface(guard, if_nametoindex(guard->config->interfaces[i].name));
	return r;
}

/*
 * Leave out users of apps, now or under the policy to come: the ports of ingress addresses are
 * the gate's job, not the machine's services.
 */
static void drop_ingress(struct guard *guard)
{
	struct weir_generation halves[WEIR_HALVES];
	bool has[WEIR_HALVES];
	size_t kept = 0;

	for (__u32 half = 0; half < WEIR_HALVES; half++)
		has[half] = weir_generation_view(guard->maps, half, &halves[half]);
	for (size_t i = 0; i < guard->count; i++) {
		const struct weir_peer *peer = &guard->peers[i];

		if (!(has[0] && weir_peer_is_ingress(peer, &halves[0])) &&
		    !(has[1] && weir_peer_is_ingress(peer, &halves[1])))
			guard->peers[kept++] = *peer;
	}
	guard->count = kept;
}

/* Those whom the gate filters: by an address of the policy, or by an interface alone (NULL). */
static int keep_ours(struct guard *guard, const struct weir_generation *generation)
{
	drop_ingress(guard);
	return weir_peers_keep(generation, guard->interfaces, guard->interfaces_count, guard->diags,
			       guard->peers, &guard->count);
}

/* ---- what the program says -------------------------------------------------------------- */

/* A frame that the peer's next connection would begin with. */
static void make_frame(const struct weir_peer *peer, __u8 frame[static WEIR_HEADER_FRAME_BYTES])
{
	struct weir_header syn = weir_peer_syn(peer);

	weir_header_frame(&syn, frame);
	if (peer->is_ipv6) {
		frame[ETH_HLEN - 2] = ETH_P_IPV6 >> 8;
		frame[ETH_HLEN - 1] = ETH_P_IPV6 & 0xff;
	}
}

/* Keep those whose first packet the program drops, with its reason, or the others. */
static int judge(struct guard *guard, bool wants_dropped)
{
	size_t kept = 0;

	for (size_t i = 0; i < guard->count; i++) {
		__u8 frame[WEIR_HEADER_FRAME_BYTES];
		int reason;

		make_frame(&guard->peers[i], frame);
		reason = weir_twin_judge(guard->twin_fd, frame, sizeof(frame));
		if (reason < 0)
			return weir_fail(guard->diags, reason, "cannot try the policy: %s",
					 strerror(-reason));
		if (weir_reason_passes(reason) == wants_dropped)
			continue;
		guard->peers[kept] = guard->peers[i];
		guard->peers[kept++].reason = reason;
	}
	guard->count = kept;
	return 0;
}

/* ---- what is said ----------------------------------------------------------------------- */

#define say(guard, ...) weir_diags_error((guard)->diags, NULL, 0, 0, __VA_ARGS__)

static void say_peers(const struct guard *guard)
{
	char ends[WEIR_ENDS_TEXT_MAX];

	for (size_t i = 0; i < guard->count && i < NAMED_MAX; i++)
		say(guard, "  %s: %s: %s", weir_peer_format(&guard->peers[i], ends),
		    weir_reason_slug(guard->peers[i].reason),
		    weir_reason_text(guard->peers[i].reason));
	if (guard->count > NAMED_MAX)
		say(guard, "  and %zu more", guard->count - NAMED_MAX);
}

/* The rules that are missing. A listed source lacks one too where none names it. */
static void say_rules(const struct guard *guard, const struct weir_policy *policy)
{
	char line[WEIR_LINE_TEXT_MAX];
	size_t said = 0;

	for (size_t i = 0; i < guard->count && said < NAMED_MAX; i++) {
		const struct weir_peer *peer = &guard->peers[i];

		if (peer->is_ipv6 || weir_peer_is_managed(peer, policy))
			continue;
		if (!said++)
			say(guard, "to let them in, add to %s under `management:`",
			    guard->config ? guard->config->path : "weir.yaml");
		say(guard, "%s", weir_peer_rule(peer, line));
	}
}

static bool is_listed(const struct weir_peer *peer)
{
	return peer->reason == WEIR_DROP_DENIED || peer->reason == WEIR_DROP_BANNED;
}

/* No rule overrules a denylist: the allowlist does. */
static void say_allowlist(const struct guard *guard)
{
	const char *path = guard->config ? guard->config->allowlist.path : NULL;
	char address[WEIR_PREFIX_TEXT_MAX];
	size_t said = 0;

	for (size_t i = 0; i < guard->count && said < NAMED_MAX; i++) {
		if (!is_listed(&guard->peers[i]))
			continue;
		if (!said++)
			say(guard,
			    "no rule overrules a denylist: weir allow add, or add to the "
			    "allowlist%s%s",
			    path ? ", " : "", path ?: "");
		say(guard, "  %s/32",
		    weir_address_format(weir_peer_address(&guard->peers[i]), address));
	}
}

static void say_ipv6(const struct guard *guard)
{
	for (size_t i = 0; i < guard->count; i++)
		if (guard->peers[i].is_ipv6) {
			say(guard, "no rule lets IPv6 in: connect by IPv4");
			return;
		}
}

/* Returns what the check returns. */
static int conclude(const struct guard *guard, const struct weir_policy *policy)
{
	if (!guard->count)
		return 0;
	say(guard, "%s who %s connected to this machine now could not connect again:",
	    guard->count > 1 ? "those" : "one", guard->count > 1 ? "are" : "is");
	say_peers(guard);
	say_rules(guard, policy);
	say_allowlist(guard);
	say_ipv6(guard);
	say(guard, "nothing was changed; --force does it all the same");
	return -EPERM;
}

/* ---- policies --------------------------------------------------------------------------- */

int weir_guard_policy(const struct weir_paths *paths, const struct weir_maps *maps, __u32 half,
		      const struct weir_config *config, const char *interface,
		      struct weir_diags *diags)
{
	__attribute__((cleanup(guard_done))) struct guard guard = {
		.paths = paths, .maps = maps, .config = config, .diags = diags, .twin_fd = -1};
	struct weir_generation generation;
	int r = interface ? add_interface(&guard, if_nametoindex(interface))
			  : add_interfaces(&guard);

	if (r || !weir_generation_view(maps, half, &generation))
		return r;
	r = weir_peers_read(diags, &guard.peers, &guard.count)
		    ?: keep_ours(&guard, interface ? NULL : &generation);
	if (r || !guard.count)
		return r;
	return weir_twin_open(paths, maps, half, diags, &guard.twin_fd)
		       ?: judge(&guard, true)
		       ?: conclude(&guard, &generation.policy);
}

/* ---- live entries ----------------------------------------------------------------------- */

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
	int r = add_interfaces(guard);

	if (r || !weir_generation_view(maps, half, &live))
		return r;
	r = keep_ours(guard, &live);
	if (r || !guard->count)
		return r;
	return weir_twin_open(guard->paths, maps, half, guard->diags, &guard->twin_fd)
		       ?: judge(guard, false)
		       ?: weir_maps_open_base(maps, guard->diags);
}

int weir_guard_prefixes(const struct weir_paths *paths, struct weir_maps *maps, __u32 kind,
			const struct weir_prefix *prefixes, size_t count, struct weir_diags *diags)
{
	__attribute__((cleanup(guard_done))) struct guard guard = {
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
	return conclude(&guard, &live.policy);
}
