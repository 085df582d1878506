/* SPDX-License-Identifier: GPL-2.0-only */
/* Connected peers -> which of them a policy or a ban would lock out. */
#include "kernel/guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/fail.h"
#include "kernel/generation.h"
#include "kernel/sockets.h"
#include "kernel/trial.h"
#include "kernel/twin.h"
#include "kernel/why.h"
#include "report/reason.h"

/*
 * The peers that reach the machine through the gate: their connection is to an address that the
 * generation calls the machine's own. One to an interface that weir knows nothing of is no
 * matter of the gate's.
 */
static int list_peers(const struct weir_generation *generation, struct weir_diags *diags,
		      struct weir_peer **ret_peers, size_t *ret_count)
{
	_cleanup_free_ struct weir_peer *peers = NULL;
	size_t count = 0, kept = 0;
	int r = weir_sockets_inbound(diags, &peers, &count);

	if (r)
		return r;
	for (size_t i = 0; i < count; i++) {
		const struct weir_destination *to = weir_sets_find(
			generation->sets, generation->policy.seed, htonl(peers[i].local));

		if (to && to->roles & WEIR_ROLE_MACHINE)
			peers[kept++] = peers[i];
	}
	*ret_count = kept;
	*ret_peers = take_pointer(peers);
	return 0;
}

static int fail_locked_out(const struct weir_peer *peer, int reason, struct weir_diags *diags)
{
	char from[WEIR_PREFIX_TEXT_MAX], to[WEIR_PREFIX_TEXT_MAX];

	weir_address_format(peer->peer, from);
	weir_address_format(peer->local, to);
	if (reason == WEIR_DROP_DENIED || reason == WEIR_DROP_BANNED)
		return weir_fail(diags, -EPERM,
				 "%s, connected to %s port %u, would be locked out (%s): weir "
				 "allow add %s, or --force",
				 from, to, peer->port, weir_reason_slug(reason), from);
	return weir_fail(diags, -EPERM,
			 "%s, connected to %s port %u, would be locked out (%s): add `management: "
			 "[{from: %s, protocol: tcp, port: %u}]`, or --force",
			 from, to, peer->port, weir_reason_slug(reason), from, peer->port);
}

static int judge_peers(int twin_fd, const struct weir_peer *peers, size_t count,
		       struct weir_diags *diags)
{
	int r = 0;

	for (size_t i = 0; i < count; i++) {
		const struct weir_probe probe = {htonl(peers[i].peer), htonl(peers[i].local), 40000,
						 peers[i].port, IPPROTO_TCP};
		__u8 frame[WEIR_PROBE_BYTES];
		int reason;

		weir_probe_frame(&probe, frame);
		reason = weir_twin_judge(twin_fd, frame, sizeof(frame));
		if (reason < 0)
			return weir_fail(diags, reason, "cannot try the policy: %s",
					 strerror(-reason));
		if (!weir_reason_passes(reason))
			r = fail_locked_out(&peers[i], reason, diags);
	}
	return r;
}

int weir_guard_policy(const struct weir_paths *paths, const struct weir_maps *maps, __u32 half,
		      struct weir_diags *diags)
{
	_cleanup_free_ struct weir_peer *peers = NULL;
	_cleanup_close_ int twin_fd = -1;
	struct weir_generation generation;
	size_t count = 0;
	int r;

	if (!weir_generation_view(maps, half, &generation))
		return 0;
	r = list_peers(&generation, diags, &peers, &count);
	if (r || !count)
		return r;
	return weir_twin_open(paths, maps, half, diags, &twin_fd)
		       ?: judge_peers(twin_fd, peers, count, diags);
}

static int check_prefix(struct weir_maps *maps, struct weir_prefix prefix, bool releases,
			const struct weir_peer *peers, size_t count, struct weir_diags *diags)
{
	char text[WEIR_PREFIX_TEXT_MAX], peer[WEIR_PREFIX_TEXT_MAX];

	for (size_t i = 0; i < count; i++) {
		bool is_listed = true;
		int r = 0;

		if (!weir_prefix_has(prefix, peers[i].peer))
			continue;
		if (releases)
			r = weir_base_lists(maps, peers[i].peer, diags, &is_listed);
		if (r || is_listed)
			return r
				       ?: weir_fail(diags, -EPERM,
						    "%s has %s in it, which is connected to port "
						    "%u of "
						    "this machine and would be locked out; --force "
						    "does "
						    "it all the same",
						    weir_prefix_format(prefix, text),
						    weir_address_format(peers[i].peer, peer),
						    peers[i].port);
	}
	return 0;
}

int weir_guard_prefixes(struct weir_maps *maps, const struct weir_prefix *prefixes, size_t count,
			bool releases, struct weir_diags *diags)
{
	_cleanup_free_ struct weir_peer *peers = NULL;
	struct weir_generation live;
	size_t peers_count = 0;
	int r, bad = 0;

	if (!weir_generation_view(maps, weir_maps_half(maps), &live))
		return 0;
	r = list_peers(&live, diags, &peers, &peers_count);
	if (r)
		return r;
	for (size_t i = 0; i < count && peers_count; i++)
		bad = check_prefix(maps, prefixes[i], releases, peers, peers_count, diags) ?: bad;
	return bad;
}
