/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Peers -> those that count -> verdicts of the real program. A policy to come is judged here, whole;
 * for live entries (guard_live.c) the program says only who is let in now.
 */
#include "kernel/guard.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/generation.h"
#include "kernel/guard_steps.h"
#include "kernel/pins.h"
#include "kernel/twin.h"
#include "net/peers.h"
#include "report/reason.h"

void weir_guard_done(struct guard *guard)
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

int weir_guard_add_interfaces(struct guard *guard)
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

int weir_guard_keep_ours(struct guard *guard, const struct weir_generation *generation)
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

int weir_guard_judge(struct guard *guard, bool wants_dropped)
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

/* ---- policies --------------------------------------------------------------------------- */

int weir_guard_policy(const struct weir_paths *paths, const struct weir_maps *maps, __u32 half,
		      const struct weir_config *config, const char *interface,
		      struct weir_diags *diags)
{
	_cleanup_guard_ struct guard guard = {
		.paths = paths, .maps = maps, .config = config, .diags = diags, .twin_fd = -1};
	struct weir_generation generation;
	int r = interface ? add_interface(&guard, if_nametoindex(interface))
			  : weir_guard_add_interfaces(&guard);

	if (r || !weir_generation_view(maps, half, &generation))
		return r;
	r = weir_peers_read(diags, &guard.peers, &guard.count)
		    ?: weir_guard_keep_ours(&guard, interface ? NULL : &generation);
	if (r || !guard.count)
		return r;
	return weir_twin_open(paths, maps, half, diags, &guard.twin_fd)
		       ?: weir_guard_judge(&guard, true)
		       ?: weir_guard_conclude(&guard, &generation.policy);
}
