/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whom a policy would lock out: connections that others hold to services of this machine, of
 * which a new one would not come in. What a connection is, which of them count, and what would
 * let them in again. Pure: the program itself is asked elsewhere what it would do.
 */
#ifndef WEIR_PLAN_LOCKOUT_H
#define WEIR_PLAN_LOCKOUT_H

#include "plan/header.h"
#include "plan/plan.h"
#include "weir/reasons.h"

/* A TCP socket as the kernel has it. IPv4 within IPv6 (::ffff:a.b.c.d) counts as IPv4. */
struct weir_socket {
	__u8 local[16], remote[16]; /* as on the wire; an IPv4 address is the first 4 bytes */
	__u16 local_port, remote_port;
	__u32 ifindex; /* the interface that it is bound to; 0: none */
	bool is_ipv6;
	bool is_listening;
};

/* Somebody connected to a service of this machine. Each once, however many connections. */
struct weir_peer {
	__u8 address[16], local[16];
	__u16 port; /* of the service */
	__u32 ifindex;
	bool is_ipv6;
	enum weir_reason reason; /* of a new connection's first packet, once it is known */
};

enum { WEIR_ENDS_TEXT_MAX = 120, WEIR_LINE_TEXT_MAX = 120 };

/* IPv4 within IPv6 -> IPv4, in both ends. Any other socket stays as it is. */
void weir_socket_unmap(struct weir_socket *socket);

/*
 * The peers of established sockets whose local port has a listener for that address; loopback
 * is left out. Sorted. free(3) them. Returns 0 or -ENOMEM.
 */
int weir_peers_find(const struct weir_socket *sockets, size_t count, struct weir_peer **ret_peers,
		    size_t *ret_count);

/* Host order; of an IPv4 peer. */
__u32 weir_peer_address(const struct weir_peer *peer);
__u32 weir_peer_local(const struct weir_peer *peer);

/* The first packet of a new connection of an IPv4 peer. */
struct weir_header weir_peer_syn(const struct weir_peer *peer);

/* Is it connected to an open port of an ingress address: a user of apps, no matter of ours? */
bool weir_peer_is_ingress(const struct weir_peer *peer, const struct weir_generation *generation);

/* Is it connected to an address that the policy names, in whatever role? */
bool weir_peer_is_destination(const struct weir_peer *peer,
			      const struct weir_generation *generation);

/* Does a management rule name it? It may be denied all the same. */
bool weir_peer_is_managed(const struct weir_peer *peer, const struct weir_policy *policy);

/* `198.51.100.2 to 198.51.100.1 port 22`. Returns `to`. */
char *weir_peer_format(const struct weir_peer *peer, char to[static WEIR_ENDS_TEXT_MAX]);

/* The item of `management:` that lets an IPv4 peer in. Returns `to`. */
char *weir_peer_rule(const struct weir_peer *peer, char to[static WEIR_LINE_TEXT_MAX]);

#endif
