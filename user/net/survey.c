/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rtnetlink, sock_diag and /proc/net -> a survey. Interfaces are proposed from the default route:
 * what it leads by, or what that lies on, where packets come in first.
 */
#include "net/survey.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fail.h"
#include "net/interfaces.h"
#include "net/netlink.h"
#include "net/peers.h"
#include "net/sockets.h"
#include "net/uplink.h"

enum {
	PORT_SSH = 22,
	PORT_DHCP_CLIENT = 68,
	PORT_BGP = 179,
	PORT_BFD = 3784,
	PORT_MULTIHOP_BFD = 4784,
	PROTOCOL_OSPF = 89,
	PROTOCOL_PIM = 103,
	PROTOCOL_VRRP = 112,
};

struct reading {
	struct weir_survey *to;
	struct weir_nics nics;
	struct weir_uplink uplink;
};

static void reading_done(struct reading *reading)
{
	weir_nics_done(&reading->nics);
}

static bool has_address(const struct weir_survey *survey, const char *interface)
{
	for (size_t i = 0; i < survey->addresses_count; i++)
		if (!strcmp(survey->addresses[i].interface, interface))
			return true;
	return false;
}

/* Without a default route: whatever is up and has an address. */
static void propose(struct reading *reading)
{
	for (size_t i = 0; !reading->uplink.gates_count && i < reading->nics.count; i++) {
		const struct weir_nic *nic = &reading->nics.items[i];

		if (!(nic->flags & IFF_LOOPBACK) && nic->flags & IFF_UP &&
		    has_address(reading->to, nic->name))
			weir_uplink_add(&reading->nics, nic->index, &reading->uplink);
	}
}

static void name(const struct reading *reading, __u32 index, char to[static IF_NAMESIZE])
{
	const struct weir_nic *nic = weir_nics_find(&reading->nics, index);

	if (nic)
		memcpy(to, nic->name, IF_NAMESIZE);
}

static void name_all(const struct reading *reading)
{
	struct weir_survey *to = reading->to;

	for (size_t i = 0; i < reading->uplink.gates_count; i++)
		name(reading, reading->uplink.gates[i], to->gates[i]);
	to->gates_count = reading->uplink.gates_count;
	name(reading, reading->uplink.way, to->way);
}

/* ---- addresses -------------------------------------------------------------------------- */

struct address_attributes {
	const struct nlattr *local, *flags;
};

static int read_address_attribute(const struct nlattr *attribute, void *context)
{
	struct address_attributes *to = context;

	if (mnl_attr_get_type(attribute) == IFA_LOCAL)
		to->local = attribute;
	if (mnl_attr_get_type(attribute) == IFA_FLAGS)
		to->flags = attribute;
	return MNL_CB_OK;
}

static int note_address(const struct nlmsghdr *message, void *context)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	struct address_attributes attributes = {};
	struct reading *reading = context;
	struct weir_survey_address *address;
	const struct weir_nic *nic;
	__u32 flags, local;

	if (message->nlmsg_type != RTM_NEWADDR)
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof(*header), read_address_attribute, &attributes);
	nic = weir_nics_find(&reading->nics, header->ifa_index);
	if (!attributes.local || !nic)
		return MNL_CB_OK;
	local = ntohl(mnl_attr_get_u32(attributes.local));
	if (local >> 24 == 127)
		return MNL_CB_OK;
	address = weir_array_add(&reading->to->addresses, &reading->to->addresses_count);
	if (!address) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	flags = attributes.flags ? mnl_attr_get_u32(attributes.flags) : header->ifa_flags;
	address->address = local;
	address->length = header->ifa_prefixlen;
	address->is_dynamic = !(flags & IFA_F_PERMANENT);
	snprintf(address->interface, IF_NAMESIZE, "%s", nic->name);
	return MNL_CB_OK;
}

/* An address of lo is one that a routing daemon announces: its packets come by the gate too. */
static void mark_addresses(struct reading *reading)
{
	struct weir_survey *to = reading->to;

	for (size_t i = 0; i < to->addresses_count; i++) {
		struct weir_survey_address *address = &to->addresses[i];
		__u32 index = if_nametoindex(address->interface);
		const struct weir_nic *nic = weir_nics_find(&reading->nics, index);

		address->is_gated = (nic && nic->flags & IFF_LOOPBACK) ||
				    weir_nics_leads_by(&reading->nics, index, reading->uplink.gates,
						       to->gates_count);
		for (size_t gate = 0; gate < to->gates_count; gate++)
			address->is_own |= reading->uplink.gates[gate] == index;
	}
}

static int read_network(struct reading *reading)
{
	int r = weir_nics_read(&reading->nics) ?:
		weir_uplink_find(&reading->nics, &reading->uplink) ?:
		weir_netlink_dump(RTM_GETADDR, AF_INET, sizeof(struct ifaddrmsg), note_address,
				  reading);

	if (r)
		return r;
	propose(reading);
	name_all(reading);
	mark_addresses(reading);
	return 0;
}

/* ---- sessions --------------------------------------------------------------------------- */

static bool is_web(__u16 port)
{
	return port == 80 || port == 443 || port == 8080 || port == 8443;
}

/* Inbound ones by the proposed interfaces. BGP's have a list of their own. */
static int read_peers(struct reading *reading, const struct weir_sockets *sockets,
		      struct weir_diags *diags)
{
	struct weir_survey *to = reading->to;
	size_t kept = 0;
	int r = weir_peers_find(sockets->items, sockets->count, &to->peers, &to->peers_count)
			?: weir_peers_keep(NULL, reading->uplink.gates, to->gates_count, diags,
					   to->peers, &to->peers_count);

	for (size_t i = 0; !r && i < to->peers_count; i++) {
		to->web_peers += is_web(to->peers[i].port);
		if (!is_web(to->peers[i].port) && to->peers[i].port != PORT_BGP)
			to->peers[kept++] = to->peers[i];
	}
	to->peers_count = r ? to->peers_count : kept;
	return r;
}

/* Both directions: the next session may be begun by the far end. */
static int add_bgp(struct weir_survey *to, const struct weir_socket *socket)
{
	struct weir_peer *peer = weir_array_add(&to->bgp, &to->bgp_count);

	if (!peer)
		return -ENOMEM;
	memcpy(peer->address, socket->remote, sizeof(peer->address));
	memcpy(peer->local, socket->local, sizeof(peer->local));
	peer->is_ipv6 = socket->is_ipv6;
	peer->port = PORT_BGP;
	return 0;
}

static int read_sessions(struct reading *reading, struct weir_diags *diags)
{
	_cleanup_sockets_ struct weir_sockets sockets = {};
	struct weir_survey *to = reading->to;
	int r = weir_sockets_read(diags, &sockets);

	for (size_t i = 0; !r && i < sockets.count; i++) {
		const struct weir_socket *socket = &sockets.items[i];

		to->listens_ssh |= socket->is_listening && socket->local_port == PORT_SSH;
		to->listens_bgp |= socket->is_listening && socket->local_port == PORT_BGP;
		if (!socket->is_listening &&
		    (socket->local_port == PORT_BGP || socket->remote_port == PORT_BGP))
			r = add_bgp(to, socket);
	}
	r = r
		    ?: weir_peers_keep(NULL, reading->uplink.gates, to->gates_count, diags, to->bgp,
				       &to->bgp_count);
	return r ?: read_peers(reading, &sockets, diags);
}

/* ---- daemons ---------------------------------------------------------------------------- */

/* The local ports (of raw sockets: protocols) of /proc/net/NAME. A missing file has none. */
static void read_ports(const char *path, void (*note)(struct weir_survey *, unsigned int),
		       struct weir_survey *to)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	char line[512];

	/* `  12: 00000000:0044 ...`: the local port is behind the second colon; the head has none. */
	while (file && fgets(line, sizeof(line), file)) {
		const char *colon = strchr(line, ':');

		colon = colon ? strchr(colon + 1, ':') : NULL;
		if (colon)
			note(to, strtoul(colon + 1, NULL, 16));
	}
}

static void note_udp(struct weir_survey *to, unsigned int port)
{
	to->has_dhcp_client |= port == PORT_DHCP_CLIENT;
	to->has_bfd |= port == PORT_BFD;
	to->has_multihop_bfd |= port == PORT_MULTIHOP_BFD;
}

static void note_raw(struct weir_survey *to, unsigned int protocol)
{
	to->has_ospf |= protocol == PROTOCOL_OSPF;
	to->has_vrrp |= protocol == PROTOCOL_VRRP;
	to->has_pim |= protocol == PROTOCOL_PIM;
}

static bool does_forward(void)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/sys/net/ipv4/ip_forward", "re");

	return file && fgetc(file) == '1';
}

int weir_survey_read(struct weir_diags *diags, struct weir_survey *ret_survey)
{
	_cleanup_survey_ struct weir_survey survey = {};
	_cleanup_(reading_done) struct reading reading = {.to = &survey};
	int r = read_network(&reading);

	if (r)
		return weir_fail(diags, r, "cannot read interfaces and routes: %s", strerror(-r));
	r = read_sessions(&reading, diags);
	if (r)
		return r;
	read_ports("/proc/net/udp", note_udp, &survey);
	read_ports("/proc/net/udp6", note_udp, &survey);
	read_ports("/proc/net/raw", note_raw, &survey);
	survey.does_forward = does_forward();
	*ret_survey = survey;
	survey = (struct weir_survey){};
	return 0;
}
