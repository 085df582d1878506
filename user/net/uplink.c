/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The default route of the main table -> the interfaces where its packets come in first.
 *
 *   default --> bond0.7 --lies on--> bond0           a gate belongs on bond0
 *   default --> br0 <--part of-- eth0, tap3          a gate belongs on eth0, the hardware
 *
 * Of several default routes those with the lowest metric count; one may have several next hops.
 */
#include "net/uplink.h"

#include <linux/rtnetlink.h>
#include <string.h>

#include "net/netlink.h"

enum { DEPTH_MAX = 8 }; /* interfaces stacked on interfaces */

struct finding {
	__u32 ways[WEIR_SURVEY_GATES_MAX]; /* the default route leads by these */
	size_t ways_count;
	__u32 metric;
};

/* ---- the default route ------------------------------------------------------------------ */

struct route_attributes {
	__u32 interface, metric;
	const struct nlattr *paths;
};

static int read_route_attribute(const struct nlattr *attribute, void *context)
{
	struct route_attributes *to = context;

	switch (mnl_attr_get_type(attribute)) {
	case RTA_OIF:
		to->interface = mnl_attr_get_u32(attribute);
		break;
	case RTA_PRIORITY:
		to->metric = mnl_attr_get_u32(attribute);
		break;
	case RTA_MULTIPATH:
		to->paths = attribute;
		break;
	}
	return MNL_CB_OK;
}

static void add_way(struct finding *finding, __u32 interface)
{
	for (size_t i = 0; i < finding->ways_count; i++)
		if (finding->ways[i] == interface)
			return;
	if (interface && finding->ways_count < WEIR_SURVEY_GATES_MAX)
		finding->ways[finding->ways_count++] = interface;
}

static void add_paths(struct finding *finding, const struct nlattr *paths)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(paths);
	int left = mnl_attr_get_payload_len(paths);

	while (RTNH_OK(hop, left)) {
		add_way(finding, hop->rtnh_ifindex);
		left -= RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
}

/* Of several default routes the one with the lowest metric is used. */
static int note_route(const struct nlmsghdr *message, void *context)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	struct route_attributes attributes = {};
	struct finding *finding = context;

	if (message->nlmsg_type != RTM_NEWROUTE || route->rtm_dst_len ||
	    route->rtm_table != RT_TABLE_MAIN || route->rtm_type != RTN_UNICAST)
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof(*route), read_route_attribute, &attributes);
	if (finding->ways_count && attributes.metric > finding->metric)
		return MNL_CB_OK;
	if (attributes.metric < finding->metric)
		finding->ways_count = 0;
	finding->metric = attributes.metric;
	add_way(finding, attributes.interface);
	if (attributes.paths)
		add_paths(finding, attributes.paths);
	return MNL_CB_OK;
}

/* ---- which interfaces to propose -------------------------------------------------------- */

static void add_gate(struct weir_uplink *to, __u32 index)
{
	for (size_t i = 0; i < to->gates_count; i++)
		if (to->gates[i] == index)
			return;
	if (to->gates_count < WEIR_SURVEY_GATES_MAX)
		to->gates[to->gates_count++] = index;
}

/* The hardware that is part of a bridge. False: there is none. */
static bool add_ports(const struct weir_nics *nics, const struct weir_nic *bridge,
		      struct weir_uplink *to)
{
	bool has_any = false;

	for (size_t i = 0; i < nics->count; i++) {
		const struct weir_nic *nic = &nics->items[i];

		if (nic->master != bridge->index || *nic->kind)
			continue;
		add_gate(to, nic->index);
		has_any = true;
	}
	return has_any;
}

void weir_uplink_add(const struct weir_nics *nics, __u32 index, struct weir_uplink *to)
{
	const struct weir_nic *nic = weir_nics_find(nics, index), *below = nic;

	for (int depth = 0; depth < DEPTH_MAX && below && below->link; depth++) {
		below = weir_nics_find(nics, below->link);
		nic = below ?: nic;
	}
	if (nic && (strcmp(nic->kind, "bridge") || !add_ports(nics, nic, to)))
		add_gate(to, nic->index);
}

int weir_uplink_find(const struct weir_nics *nics, struct weir_uplink *ret_uplink)
{
	struct finding finding = {.metric = ~0U};
	struct weir_uplink uplink = {};
	int r = weir_netlink_dump(RTM_GETROUTE, AF_INET, sizeof(struct rtmsg), note_route,
				  &finding);

	if (r)
		return r;
	for (size_t i = 0; i < finding.ways_count; i++)
		weir_uplink_add(nics, finding.ways[i], &uplink);
	uplink.way = finding.ways[0];
	*ret_uplink = uplink;
	return 0;
}
