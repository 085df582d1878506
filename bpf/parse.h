/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 1: frame -> scalars. Is this a packet that the policy can judge?
 *
 * Fails closed: what cannot be read whole is dropped under the name of what is wrong with it.
 * Link control alone passes here, because a NIC without ARP serves nobody; the kernel checks it.
 * The frame may continue beyond the first buffer (xdp.frags), its headers may not.
 */
#ifndef WEIR_BPF_PARSE_H
#define WEIR_BPF_PARSE_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "packet.h"

#define VLAN_TAGS_MAX 2

/* The shortest frame of Ethernet, with its tags: what is shorter is padded. */
#define FRAME_PADDED_BYTES (ETH_ZLEN + VLAN_TAGS_MAX * 4)

/* The longest with an MTU of 1500, tags included: what is longer may have a second buffer. */
#define FRAME_SINGLE_BYTES (ETH_FRAME_LEN + VLAN_TAGS_MAX * 4)

#define IP_RESERVED   0x8000 /* RFC 791: must be zero */
#define IP_FRAGMENTED 0x3fff /* more fragments, or an offset */

#define ICMP_UNREACHABLE          3 /* RFC 792; linux/icmp.h pulls in the host's libc */
#define ICMP_FRAGMENTATION_NEEDED 4

struct vlan_tag {
	__be16 tci;
	__be16 ethertype;
};

struct icmp_header {
	__u8 type, code;
	__be16 checksum;
	__u8 rest[4];
};

/* The first 8 bytes of a transport header: all that ICMP must quote. */
struct quoted {
	__be16 source_port, port;
	__u8 rest[4];
};

struct cursor {
	void *at, *end;
	__u32 taken_bytes; /* beside `at`, because the verifier allows no difference of pointers */
};

/* The next header of the packet as `type`, or NULL when the buffer ends before it does. */
#define take(cursor, type)                                                                         \
	({                                                                                         \
		type *header_ = (cursor)->at;                                                      \
		if ((void *)(header_ + 1) > (cursor)->end)                                         \
			header_ = NULL;                                                            \
		else                                                                               \
			(cursor)->at = header_ + 1;                                                \
		(cursor)->taken_bytes += sizeof(type);                                             \
		header_;                                                                           \
	})

static __always_inline bool is_vlan(__be16 ethertype)
{
	return ethertype == bpf_htons(ETH_P_8021Q) || ethertype == bpf_htons(ETH_P_8021AD);
}

/* A frame that is not IPv4. */
static __always_inline __u32 parse_other(__be16 ethertype)
{
	switch (bpf_ntohs(ethertype)) {
	case ETH_P_ARP:
	case ETH_P_SLOW: /* LACP */
	case ETH_P_LLDP:
	case ETH_P_PAE: /* EAPOL */
		return WEIR_PASS_LINK;
	case ETH_P_IPV6:
		return WEIR_DROP_IPV6;
	case ETH_P_8021Q:
	case ETH_P_8021AD:
		return WEIR_DROP_VLAN;
	default:
		return WEIR_DROP_NOT_IPV4;
	}
}

/* Ethernet and its tags. Undecided exactly when IPv4 follows. */
static __always_inline __u32 parse_link(struct cursor *cursor)
{
	struct ethhdr *ethernet = take(cursor, struct ethhdr);
	__be16 ethertype;

	if (!ethernet)
		return WEIR_DROP_TRUNCATED;
	ethertype = ethernet->h_proto;
#pragma unroll
	for (int i = 0; i < VLAN_TAGS_MAX; i++) {
		struct vlan_tag *tag;

		if (!is_vlan(ethertype))
			break;
		tag = take(cursor, struct vlan_tag);
		if (!tag)
			return WEIR_DROP_TRUNCATED;
		ethertype = tag->ethertype;
	}
	return ethertype == bpf_htons(ETH_P_IP) ? WEIR_UNDECIDED : parse_other(ethertype);
}

/*
 * A source that no sender on the Internet has (RFC 1122 3.2.1.3): "this network", loopback,
 * multicast, reserved and broadcast.
 */
static __always_inline bool is_impossible_source(__be32 address)
{
	__u8 first = bpf_ntohl(address) >> 24;

	return first == 0 || first == 127 || first >= 224;
}

/*
 * p->bytes as the whole frame's, where the first buffer does not show it: it ends before the IPv4
 * packet does, as where a NIC splits headers from data, or behind it, and not because a short frame
 * was padded; or there may be another one that begins just where the packet ends. A call, which is why not always: 11 ns where the CPU guards its
 * returns, a third of what a packet costs.
 */
static __always_inline void measure_frame(struct xdp_md *ctx, struct weir_packet *p,
					  __u32 declared_bytes)
{
	if (p->bytes < declared_bytes ||
	    (p->bytes > FRAME_PADDED_BYTES &&
	     (p->bytes != declared_bytes || p->bytes > FRAME_SINGLE_BYTES)))
		p->bytes = bpf_xdp_get_buff_len(ctx);
}

/* IPv4. Leaves the cursor at the transport header, and its declared length in *ret_bytes. */
static __always_inline __u32 parse_ipv4(struct xdp_md *ctx, struct cursor *cursor,
					struct weir_packet *p, __u32 *ret_bytes)
{
	__u32 link_bytes = cursor->taken_bytes;
	void *start = cursor->at;
	struct iphdr *ip = take(cursor, struct iphdr);
	__u32 header_bytes, total_bytes;

	if (!ip)
		return WEIR_DROP_TRUNCATED;
	header_bytes = ip->ihl * 4;
	total_bytes = bpf_ntohs(ip->tot_len);
	measure_frame(ctx, p, link_bytes + total_bytes);
	if (ip->version != 4 || header_bytes < sizeof(*ip) || ip->frag_off & bpf_htons(IP_RESERVED))
		return WEIR_DROP_IP_HEADER;
	if (total_bytes < header_bytes)
		return WEIR_DROP_IP_LENGTH;
	if (link_bytes + total_bytes > p->bytes)
		return WEIR_DROP_TRUNCATED;
	if (ip->frag_off & bpf_htons(IP_FRAGMENTED))
		return WEIR_DROP_FRAGMENT;
	if (is_impossible_source(ip->saddr))
		return WEIR_DROP_SOURCE;
	p->source = ip->saddr;
	p->destination = ip->daddr;
	p->protocol = ip->protocol;
	cursor->at = start + header_bytes;
	*ret_bytes = total_bytes - header_bytes;
	return WEIR_UNDECIDED;
}

/* Every sender sets one of SYN, SYN+ACK, RST, RST+ACK, ACK, FIN+ACK (RFC 9293 3.10.7). */
static __always_inline bool are_impossible_flags(__u8 flags)
{
	if (flags & TCP_SYN)
		return flags & (TCP_FIN | TCP_RST | TCP_URG);
	if (flags & TCP_RST)
		return flags & TCP_FIN;
	return !(flags & TCP_ACK);
}

static __always_inline __u32 parse_tcp(struct cursor *cursor, struct weir_packet *p, __u32 bytes)
{
	struct tcphdr *tcp = take(cursor, struct tcphdr);
	__u32 header_bytes;

	if (bytes < sizeof(*tcp))
		return WEIR_DROP_TCP_HEADER;
	if (!tcp)
		return WEIR_DROP_TRUNCATED;
	header_bytes = tcp->doff * 4;
	if (header_bytes < sizeof(*tcp) || header_bytes > bytes || !tcp->source || !tcp->dest)
		return WEIR_DROP_TCP_HEADER;
	p->tcp_flags = ((__u8 *)tcp)[13];
	if (are_impossible_flags(p->tcp_flags))
		return WEIR_DROP_TCP_FLAGS;
	p->source_port = bpf_ntohs(tcp->source);
	p->port = bpf_ntohs(tcp->dest);
	return WEIR_UNDECIDED;
}

/* A source port of 0 means "none" (RFC 768); a destination port of 0 means nothing. */
static __always_inline __u32 parse_udp(struct cursor *cursor, struct weir_packet *p, __u32 bytes)
{
	struct udphdr *udp = take(cursor, struct udphdr);

	if (bytes < sizeof(*udp))
		return WEIR_DROP_UDP_HEADER;
	if (!udp)
		return WEIR_DROP_TRUNCATED;
	if (bpf_ntohs(udp->len) < sizeof(*udp) || bpf_ntohs(udp->len) > bytes || !udp->dest)
		return WEIR_DROP_UDP_HEADER;
	p->source_port = bpf_ntohs(udp->source);
	p->port = bpf_ntohs(udp->dest);
	return WEIR_UNDECIDED;
}

/*
 * The packet of ours that an ICMP error quotes: its header and 8 bytes (RFC 792). Its ends are
 * turned round, so that the quote is looked up as the answer to it would be.
 */
static __always_inline __u32 parse_quote(struct cursor *cursor, struct weir_packet *p)
{
	void *start = cursor->at;
	struct iphdr *ip = take(cursor, struct iphdr);
	struct quoted *quoted;

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return WEIR_DROP_ICMP_HEADER;
	cursor->at = start + ip->ihl * 4;
	quoted = take(cursor, struct quoted);
	if (!quoted)
		return WEIR_DROP_ICMP_HEADER;
	p->quote.far = ip->daddr;
	p->quote.near = ip->saddr;
	p->quote.far_port = quoted->port;
	p->quote.near_port = quoted->source_port;
	p->quote.protocol = ip->protocol;
	return WEIR_UNDECIDED;
}

static __always_inline __u32 parse_icmp(struct cursor *cursor, struct weir_packet *p, __u32 bytes)
{
	struct icmp_header *icmp = take(cursor, struct icmp_header);

	if (bytes < sizeof(*icmp))
		return WEIR_DROP_ICMP_HEADER;
	if (!icmp)
		return WEIR_DROP_TRUNCATED;
	if (icmp->type != ICMP_UNREACHABLE || icmp->code != ICMP_FRAGMENTATION_NEEDED)
		return WEIR_UNDECIDED;
	p->is_fragmentation_needed = 1;
	return parse_quote(cursor, p);
}

static __always_inline __u32 parse_transport(struct cursor *cursor, struct weir_packet *p,
					     __u32 bytes)
{
	switch (p->protocol) {
	case IPPROTO_TCP:
		return parse_tcp(cursor, p, bytes);
	case IPPROTO_UDP:
		return parse_udp(cursor, p, bytes);
	case IPPROTO_ICMP:
		return parse_icmp(cursor, p, bytes);
	default:
		return WEIR_UNDECIDED;
	}
}

static __always_inline __u32 parse(struct xdp_md *ctx, struct weir_packet *p)
{
	struct cursor cursor = {.at = (void *)(long)ctx->data, .end = (void *)(long)ctx->data_end};
	__u32 reason, bytes = 0;

	p->bytes = ctx->data_end - ctx->data;
	reason = parse_link(&cursor);
	if (reason) {
		p->bytes = bpf_xdp_get_buff_len(ctx);
		return reason;
	}
	return parse_ipv4(ctx, &cursor, p, &bytes) ?: parse_transport(&cursor, p, bytes);
}

#endif
