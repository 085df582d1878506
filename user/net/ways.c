/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Peers and interfaces -> which peers come in by them. The kernel does not say by which interface
 * a connection's packets come; the way back to its peer, and whose address it is connected to,
 * are the two best signs, and either will do. A gate on eth0 filters eth0.100 and its bond too.
 */
#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "net/interfaces.h"
#include "net/netlink.h"
#include "net/peers.h"

struct ways {
	struct weir_nics nics;
	const struct weir_generation *generation;
	const __u32 *gated;
	size_t gated_count;
	struct ifaddrs *addresses;
};

static void ways_done(struct ways *ways)
{
	weir_nics_done(&ways->nics);
	if (ways->addresses)
		freeifaddrs(ways->addresses);
}

static bool is_gated(const struct ways *ways, __u32 index)
{
	return weir_nics_leads_by(&ways->nics, index, ways->gated, ways->gated_count);
}

/* ---- the way back ----------------------------------------------------------------------- */

struct route {
	bool is_local;
	__u32 interface;
};

static int read_way(const struct nlattr *attribute, void *context)
{
	struct route *route = context;

	if (mnl_attr_get_type(attribute) == RTA_OIF)
		route->interface = mnl_attr_get_u32(attribute);
	return MNL_CB_OK;
}

static int note_route(const struct nlmsghdr *message, void *context)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	struct route *route = context;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return MNL_CB_OK;
	route->is_local = header->rtm_type == RTN_LOCAL;
	mnl_attr_parse(message, sizeof(*header), read_way, route);
	return MNL_CB_STOP;
}

/* No way back: interface 0. */
static struct route find_route(const struct weir_peer *peer)
{
	char buffer[256] = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	size_t bytes = peer->is_ipv6 ? 16 : 4;
	struct route route = {};

	request->nlmsg_type = RTM_GETROUTE;
	request->nlmsg_flags = NLM_F_REQUEST;
	header->rtm_family = peer->is_ipv6 ? AF_INET6 : AF_INET;
	header->rtm_dst_len = header->rtm_src_len = bytes * 8;
	mnl_attr_put(request, RTA_DST, bytes, peer->address);
	mnl_attr_put(request, RTA_SRC, bytes, peer->local);
	if (peer->ifindex)
		mnl_attr_put_u32(request, RTA_OIF, peer->ifindex);
	weir_netlink_talk(NETLINK_ROUTE, request, note_route, &route);
	return route;
}

/* ---- whose address ---------------------------------------------------------------------- */

static const void *address_bytes(const struct sockaddr *address)
{
	return address->sa_family == AF_INET6
		       ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
		       : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
}

/* Has a gated interface the address that the peer is connected to? */
static bool is_at_gated(const struct ways *ways, const struct weir_peer *peer)
{
	int family = peer->is_ipv6 ? AF_INET6 : AF_INET;

	for (const struct ifaddrs *item = ways->addresses; item; item = item->ifa_next)
		if (item->ifa_addr && item->ifa_addr->sa_family == family &&
		    !memcmp(address_bytes(item->ifa_addr), peer->local, peer->is_ipv6 ? 16 : 4) &&
		    is_gated(ways, if_nametoindex(item->ifa_name)))
			return true;
	return false;
}

static bool is_ours(const struct ways *ways, const struct weir_peer *peer)
{
	struct route route = find_route(peer);

	if (route.is_local)
		return false;
	return (ways->generation && weir_peer_is_destination(peer, ways->generation)) ||
	       (route.interface && is_gated(ways, route.interface)) || is_at_gated(ways, peer);
}

int weir_peers_keep(const struct weir_generation *generation, const __u32 *interfaces,
		    size_t interfaces_count, struct weir_diags *diags, struct weir_peer *peers,
		    size_t *count)
{
	_cleanup_(ways_done) struct ways ways = {
		.generation = generation, .gated = interfaces, .gated_count = interfaces_count};
	size_t kept = 0;
	int r = 0;

	if (!*count)
		return 0;
	r = weir_nics_read(&ways.nics);
	if (!r && getifaddrs(&ways.addresses))
		r = -errno;
	if (r)
		return weir_fail(diags, r, "cannot list the interfaces: %s", strerror(-r));
	for (size_t i = 0; i < *count; i++)
		if (is_ours(&ways, &peers[i]))
			peers[kept++] = peers[i];
	*count = kept;
	return 0;
}
