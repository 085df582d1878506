/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets -> peers -> the words and lines about them. */
#include "plan/lockout.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"

enum { SOURCE_PORT = 40000, MAPPED_BYTES = 12, LOOPBACK_NETWORK = 127 };

static const __u8 mapped[MAPPED_BYTES] = {[10] = 0xff, [11] = 0xff};
static const __u8 any[16], loopback6[16] = {[15] = 1};

static void unmap(__u8 address[static 16])
{
	memmove(address, address + MAPPED_BYTES, 4);
	memset(address + 4, 0, 12);
}

/* A listener on [::] stays what it is: only a bound address tells that IPv4 is meant. */
void weir_socket_unmap(struct weir_socket *socket)
{
	if (!socket->is_ipv6 || memcmp(socket->local, mapped, MAPPED_BYTES))
		return;
	unmap(socket->local);
	if (socket->is_listening)
		memset(socket->remote, 0, sizeof(socket->remote));
	else
		unmap(socket->remote);
	socket->is_ipv6 = false;
}

/* A listener on [::] takes IPv4 connections too, unless it is told not to. */
static bool accepts(const struct weir_socket *listener, const struct weir_socket *socket)
{
	if (!listener->is_listening || listener->local_port != socket->local_port)
		return false;
	if (!memcmp(listener->local, any, sizeof(any)))
		return listener->is_ipv6 || !socket->is_ipv6;
	return listener->is_ipv6 == socket->is_ipv6 &&
	       !memcmp(listener->local, socket->local, sizeof(socket->local));
}

static bool is_loopback(const struct weir_socket *socket)
{
	return socket->is_ipv6 ? !memcmp(socket->remote, loopback6, sizeof(loopback6))
			       : socket->remote[0] == LOOPBACK_NETWORK;
}

static int compare(const void *a, const void *b)
{
	const struct weir_peer *x = a, *y = b;

	return memcmp(x->address, y->address, sizeof(x->address)) ?:
	       memcmp(x->local, y->local, sizeof(x->local)) ?:
	       (x->port > y->port) - (x->port < y->port) ?:
	       x->is_ipv6 - y->is_ipv6;
}

static size_t sort(struct weir_peer *peers, size_t count)
{
	size_t kept = 0;

	if (count)
		qsort(peers, count, sizeof(*peers), compare);
	for (size_t i = 0; i < count; i++)
		if (!kept || compare(&peers[kept - 1], &peers[i]))
			peers[kept++] = peers[i];
	return kept;
}

struct finding {
	struct weir_socket *listeners;
	size_t listeners_count;
	struct weir_peer *peers;
	size_t peers_count;
};

static void finding_done(struct finding *finding)
{
	free(finding->listeners);
	free(finding->peers);
}

static int add_listener(struct finding *finding, const struct weir_socket *socket)
{
	struct weir_socket *next = weir_array_add(&finding->listeners, &finding->listeners_count);

	if (next)
		*next = *socket;
	return next ? 0 : -ENOMEM;
}

static bool is_inbound(const struct finding *finding, const struct weir_socket *socket)
{
	for (size_t i = 0; i < finding->listeners_count; i++)
		if (accepts(&finding->listeners[i], socket))
			return !is_loopback(socket);
	return false;
}

static int add_peer(struct finding *finding, const struct weir_socket *socket)
{
	struct weir_peer *peer = weir_array_add(&finding->peers, &finding->peers_count);

	if (!peer)
		return -ENOMEM;
	memcpy(peer->address, socket->remote, sizeof(peer->address));
	memcpy(peer->local, socket->local, sizeof(peer->local));
	peer->port = socket->local_port;
	peer->ifindex = socket->ifindex;
	peer->is_ipv6 = socket->is_ipv6;
	return 0;
}

int weir_peers_find(const struct weir_socket *sockets, size_t count, struct weir_peer **ret_peers,
		    size_t *ret_count)
{
	__attribute__((cleanup(finding_done))) struct finding finding = {};
	int r = 0;

	for (size_t i = 0; !r && i < count; i++)
		if (sockets[i].is_listening)
			r = add_listener(&finding, &sockets[i]);
	for (size_t i = 0; !r && i < count; i++)
		if (!sockets[i].is_listening && is_inbound(&finding, &sockets[i]))
			r = add_peer(&finding, &sockets[i]);
	if (r)
		return r;
	*ret_count = sort(finding.peers, finding.peers_count);
	*ret_peers = take_pointer(finding.peers);
	return 0;
}

static __u32 host_order(const __u8 address[static 4])
{
	__be32 value;

	memcpy(&value, address, sizeof(value));
	return ntohl(value);
}

__u32 weir_peer_address(const struct weir_peer *peer)
{
	return host_order(peer->address);
}

__u32 weir_peer_local(const struct weir_peer *peer)
{
	return host_order(peer->local);
}

struct weir_header weir_peer_syn(const struct weir_peer *peer)
{
	return (struct weir_header){
		.source = weir_peer_address(peer),
		.destination = weir_peer_local(peer),
		.source_port = SOURCE_PORT,
		.port = peer->port,
		.protocol = IPPROTO_TCP,
		.tcp_flags = WEIR_TCP_SYN,
	};
}

static const struct weir_destination *find(const struct weir_peer *peer,
					   const struct weir_generation *generation)
{
	if (peer->is_ipv6)
		return NULL;
	return weir_sets_find(generation->sets, generation->policy.seed,
			      htonl(weir_peer_local(peer)));
}

bool weir_peer_is_destination(const struct weir_peer *peer,
			      const struct weir_generation *generation)
{
	return find(peer, generation) != NULL;
}

bool weir_peer_is_ingress(const struct weir_peer *peer, const struct weir_generation *generation)
{
	const struct weir_policy *policy = &generation->policy;
	const struct weir_destination *to = find(peer, generation);

	if (!to || !(to->roles & WEIR_ROLE_INGRESS))
		return false;
	for (int i = 0; i < WEIR_PORTS_MAX; i++)
		if (policy->open_ports[i] == (WEIR_PORT_USED | peer->port) ||
		    policy->cdn_ports[i] == (WEIR_PORT_USED | peer->port))
			return true;
	return false;
}

bool weir_peer_is_managed(const struct weir_peer *peer, const struct weir_policy *policy)
{
	struct weir_header syn = weir_peer_syn(peer);
	__be32 source = htonl(syn.source), destination = htonl(syn.destination);

	for (__u32 i = 0; i < policy->rules_count && i < WEIR_RULES_MAX; i++) {
		const struct weir_rule *rule = &policy->rules[i];

		if ((!rule->protocol || rule->protocol == IPPROTO_TCP) &&
		    (source & rule->source_mask) == rule->source &&
		    (destination & rule->destination_mask) == rule->destination &&
		    syn.source_port >= rule->source_port_low &&
		    syn.source_port <= rule->source_port_high && syn.port >= rule->port_low &&
		    syn.port <= rule->port_high)
			return true;
	}
	return false;
}

char *weir_peer_format(const struct weir_peer *peer, char to[static WEIR_ENDS_TEXT_MAX])
{
	char address[INET6_ADDRSTRLEN] = "", local[INET6_ADDRSTRLEN] = "";
	int family = peer->is_ipv6 ? AF_INET6 : AF_INET;

	inet_ntop(family, peer->address, address, sizeof(address));
	inet_ntop(family, peer->local, local, sizeof(local));
	snprintf(to, WEIR_ENDS_TEXT_MAX, "%s to %s port %u", address, local, peer->port);
	return to;
}

char *weir_peer_rule(const struct weir_peer *peer, char to[static WEIR_LINE_TEXT_MAX])
{
	char address[WEIR_PREFIX_TEXT_MAX], local[WEIR_PREFIX_TEXT_MAX];

	snprintf(to, WEIR_LINE_TEXT_MAX, "  - {protocol: tcp, from: %s/32, to: %s/32, port: %u}",
		 weir_address_format(weir_peer_address(peer), address),
		 weir_address_format(weir_peer_local(peer), local), peer->port);
	return to;
}
