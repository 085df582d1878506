/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Opens and remembers sockets, then random worlds one after the other: what the oracle is told, the
 * program's maps are told, too.
 */
#include <netinet/in.h>

#include "match.h"
#include "sockets.h"

static const __u32 fixed[] = {EGRESS, MACHINE, INGRESS, CLIENT};

static void know_socket(struct match *match, __u8 protocol, __u32 near, __u16 near_port, __u32 far,
			__u16 far_port)
{
	match->sockets[match->sockets_count++] = (struct oracle_socket){protocol, near, far,
									near_port, far_port};
}

static void know_listener(struct match *match, __u8 protocol, __u32 near, __u16 port)
{
	match->listeners[match->listeners_count++] = (struct oracle_socket){protocol, near, 0, port,
									    0};
}

/* Both ends of a connection are sockets of this machine. Listeners and servers prove nothing. */
void match_open_sockets(struct match *match)
{
	struct tcp_pair out, in;

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		gate_add_address(fixed[i]);
	out = tcp_connect(EGRESS, CLIENT, 443);
	in = tcp_connect(CLIENT, INGRESS, 80);
	know_socket(match, IPPROTO_TCP, EGRESS, out.near_port, CLIENT, 443);
	know_socket(match, IPPROTO_TCP, CLIENT, 443, EGRESS, out.near_port);
	know_socket(match, IPPROTO_TCP, CLIENT, in.near_port, INGRESS, 80);
	know_socket(match, IPPROTO_TCP, INGRESS, 80, CLIENT, in.near_port);
	udp_open(MACHINE, 50000, CLIENT, 53);
	know_socket(match, IPPROTO_UDP, MACHINE, 50000, CLIENT, 53);
	tcp_listen(MACHINE, 22);
	udp_open(INADDR_ANY, 123, 0, 0);
	udp_open(MACHINE, 53, 0, 0);
	know_listener(match, IPPROTO_TCP, CLIENT, 443);
	know_listener(match, IPPROTO_TCP, INGRESS, 80);
	know_listener(match, IPPROTO_TCP, MACHINE, 22);
	know_listener(match, IPPROTO_UDP, INADDR_ANY, 123);
	know_listener(match, IPPROTO_UDP, MACHINE, 53);
}

static void set_live(struct match *match)
{
	for (size_t i = 0; i < match->world.oracle.live_count; i++) {
		const struct oracle_live *live = &match->world.live[i];

		gate_live_add(match->gate, live->kind, live->prefix, live->has_expired ? 1 : 0);
	}
}

void match_drain(struct match *match)
{
	const struct weir_region *region = &match->world.config.region;

	for (size_t i = 0; i < region->ingress_count; i++)
		gate_bucket(match->gate, region->ingress[i].address)->arrival_units = 0;
	/* Room for no frame: debt alone would be forgiven, and tokens come while the test runs. */
	for (size_t i = 0; i < match->world.oracle.drained_count; i++)
		gate_rate(match->gate, match->world.drained[i])->burst_units = 0;
}

void match_make_world(struct match *match)
{
	gate_live_flush(match->gate);
	world_make(&match->random, fixed, sizeof(fixed) / sizeof(fixed[0]), match->sockets,
		   match->sockets_count, &match->world);
	gate_apply_config(match->gate, &match->world.config, match->world.machine,
			  match->world.machine_count);
	gate_policy(match->gate)->proofs_per_tick = ~0u;
	set_live(match);
	match_drain(match);
}
