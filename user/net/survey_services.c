/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this machine's services are: who is connected to them, and which daemons speak to others?
 *
 * TCP sockets -> sessions that must not be cut, BGP's among them; ports and protocols of /proc/net ->
 * DHCP, routing and failover daemons, whose packets a gate has to let in.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "net/peers.h"
#include "net/sockets.h"
#include "net/survey_services.h"

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

/* ---- sessions --------------------------------------------------------------------------- */

static bool is_web(__u16 port)
{
	return port == 80 || port == 443 || port == 8080 || port == 8443;
}

/* Inbound ones by the proposed interfaces. BGP's have a list of their own. */
static int read_peers(struct weir_survey *to, const struct weir_uplink *uplink,
		      const struct weir_sockets *sockets, struct weir_diags *diags)
{
	size_t kept = 0;
	int r = weir_peers_find(sockets->items, sockets->count, &to->peers, &to->peers_count)
			?: weir_peers_keep(NULL, uplink->gates, uplink->gates_count, diags,
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

static int read_sessions(struct weir_survey *to, const struct weir_uplink *uplink,
			 struct weir_diags *diags)
{
	_cleanup_sockets_ struct weir_sockets sockets = {};
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
		    ?: weir_peers_keep(NULL, uplink->gates, uplink->gates_count, diags, to->bgp,
				       &to->bgp_count);
	return r ?: read_peers(to, uplink, &sockets, diags);
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

int weir_survey_services(const struct weir_uplink *uplink, struct weir_diags *diags,
			 struct weir_survey *to)
{
	int r = read_sessions(to, uplink, diags);

	if (r)
		return r;
	read_ports("/proc/net/udp", note_udp, to);
	read_ports("/proc/net/udp6", note_udp, to);
	read_ports("/proc/net/raw", note_raw, to);
	to->does_forward = does_forward();
	return 0;
}
