/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet as the stages see it: scalars only. Packet pointers end in parse.h.
 */
#ifndef WEIR_BPF_PACKET_H
#define WEIR_BPF_PACKET_H

#include <linux/in.h>
#include <linux/types.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

#include "weir/policy.h"
#include "weir/reasons.h"

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

/* The two ends of a connection, as a packet from the far end carries them. */
struct weir_ends {
	__be32 far, near;
	__be16 far_port, near_port;
	__u8 protocol;
};

struct weir_packet {
	const struct weir_control *control;

	/* parse */
	__u32 bytes; /* the whole frame */
	__be32 source, destination;
	__u16 source_port, port; /* host order; 0 where the protocol has none */
	__u8 protocol;           /* IPPROTO_* */
	__u8 tcp_flags;          /* TCP_* */
	__u8 is_fragmentation_needed;
	struct weir_ends quote; /* what such a message quotes */

	/* policy */
	const struct weir_policy *policy;
	__u32 half;

	/* scope */
	__u32 claim; /* the reason under which it passes unless a later stage objects */
	__u16 slot;
	__u8 has_slot; /* the destination is an ingress address */
	__u8 needs_proof;
};

/* Bound for the apps: what is handed to the proxy and charged to a bucket. */
static __always_inline bool packet_is_ingress(const struct weir_packet *p)
{
	return p->claim == WEIR_PASS_INGRESS || p->claim == WEIR_PASS_CDN;
}

/* The first packet of a TCP connection, which answers nothing. */
static __always_inline bool packet_is_bare_syn(const struct weir_packet *p)
{
	return p->protocol == IPPROTO_TCP && (p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

#endif
