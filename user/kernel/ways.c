/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Peers and interfaces -> which peers come in by them. The kernel does not say by which interface
 * a connection's packets come; the way back to its peer, and whose address it is connected to,
 * are the two best signs, and either will do.
 *
 *   eth0.100 --link--> eth0      bond0 <--master-- eth0, eth1      a gate on eth0 filters them
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "kernel/fail.h"
#include "kernel/netlink.h"
#include "kernel/peers.h"

enum { DEPTH_MAX = 8 }; /* interfaces stacked on interfaces */

struct interface {
	__u32 index;
	__u32 link;   /* what it lies on; 0: nothing here */
	__u32 master; /* the bond or bridge that it is part of */
};

struct ways {
	struct interface *items;
	size_t count;
	const struct weir_generation *generation;
	const __u32 *gated;
	size_t gated_count;
	struct ifaddrs *addresses;
};

static void ways_done(struct ways *ways)
{
	free(ways->items);
	if (ways->addresses)
		freeifaddrs(ways->addresses);
}

/* ---- how interfaces lie on each other --------------------------------------------------- */

struct link_attributes {
	__u32 link, master;
	bool is_elsewhere; /* `link` counts in another network namespace */
	bool is_veth;      /* `link` is the other end, not what it lies on */
};

static int read_kind(const struct nlattr *attribute, void *context)
{
	struct link_attributes *to = context;

	if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND)
		to->is_veth = !strcmp(mnl_attr_get_str(attribute), "veth");
	return MNL_CB_OK;
}

static int read_attribute(const struct nlattr *attribute, void *context)
{
	struct link_attributes *to = context;

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_LINK:
		to->link = mnl_attr_get_u32(attribute);
		break;
	case IFLA_MASTER:
		to->master = mnl_attr_get_u32(attribute);
		break;
	case IFLA_LINK_NETNSID:
		to->is_elsewhere = true;
		break;
	case IFLA_LINKINFO:
		mnl_attr_parse_nested(attribute, read_kind, to);
		break;
	}
	return MNL_CB_OK;
}

static int collect(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct link_attributes attributes = {};
	struct ways *ways = context;
	struct interface *interface;

	if (message->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	interface = weir_array_add(&ways->items, &ways->count);
	if (!interface) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	mnl_attr_parse(message, sizeof(*info), read_attribute, &attributes);
	interface->index = info->ifi_index;
	interface->master = attributes.master;
	if (!attributes.is_elsewhere && !attributes.is_veth)
		interface->link = attributes.link;
	return MNL_CB_OK;
}

static int read_interfaces(struct ways *ways)
{
	char buffer[256] = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	return weir_netlink_talk(NETLINK_ROUTE, request, collect, ways);
}

/* Do packets of this interface come in by a gated one? */
static bool is_gated(const struct ways *ways, __u32 index, int depth)
{
	for (size_t i = 0; i < ways->gated_count; i++)
		if (ways->gated[i] == index)
			return true;
	for (size_t i = 0; depth < DEPTH_MAX && i < ways->count; i++) {
		const struct interface *other = &ways->items[i];

		if (other->index == index && other->link && other->link != index &&
		    is_gated(ways, other->link, depth + 1))
			return true;
		if (other->master == index && is_gated(ways, other->index, depth + 1))
			return true;
	}
	return false;
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
		    is_gated(ways, if_nametoindex(item->ifa_name), 0))
			return true;
	return false;
}

static bool is_ours(const struct ways *ways, const struct weir_peer *peer)
{
	struct route route = find_route(peer);

	if (route.is_local)
		return false;
	return (ways->generation && weir_peer_is_destination(peer, ways->generation)) ||
	       (route.interface && is_gated(ways, route.interface, 0)) || is_at_gated(ways, peer);
}

int weir_peers_keep(const struct weir_generation *generation, const __u32 *interfaces,
		    size_t interfaces_count, struct weir_diags *diags, struct weir_peer *peers,
		    size_t *count)
{
	__attribute__((cleanup(ways_done))) struct ways ways = {
		.generation = generation, .gated = interfaces, .gated_count = interfaces_count};
	size_t kept = 0;
	int r = 0;

	if (!*count)
		return 0;
	r = read_interfaces(&ways);
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
