/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Description in, frame out, header by header as on the wire. Checksums of IPv4 are right; those
 * of the transport stay 0, because nothing in the gate reads them.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "frames.h"

enum { OTHER_BYTES = 50, QUOTED_BYTES = 8, ICMP_BYTES = 8 };

static void *push(struct frame *frame, size_t bytes)
{
	void *at = frame->bytes + frame->size;

	memset(at, 0, bytes);
	frame->size += bytes;
	return at;
}

static void push16(struct frame *frame, __u16 value)
{
	value = htons(value);
	memcpy(push(frame, sizeof(value)), &value, sizeof(value));
}

static void push_link(struct frame *frame, const struct frame_spec *spec)
{
	static const unsigned char to[] = {2, 0, 0, 0, 0, 1}, from[] = {2, 0, 0, 0, 0, 2};

	memcpy(push(frame, sizeof(to)), to, sizeof(to));
	memcpy(push(frame, sizeof(from)), from, sizeof(from));
	for (int i = 0; i < spec->tags; i++) {
		push16(frame, i + 1 == spec->tags ? ETH_P_8021Q : ETH_P_8021AD);
		push16(frame, 100 + i);
	}
	push16(frame, spec->ethertype ?: ETH_P_IP);
}

static __u16 checksum(const void *data, size_t bytes)
{
	const unsigned char *at = data;
	__u32 sum = 0;

	for (size_t i = 0; i < bytes; i += 2)
		sum += at[i] << 8 | at[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

static void push_ip(struct frame *frame, const struct frame_spec *spec, size_t data_bytes)
{
	size_t header_bytes = sizeof(struct iphdr) + spec->ip_options;
	struct iphdr *ip;

	frame->ip_at = frame->size;
	ip = push(frame, header_bytes);
	ip->version = 4;
	ip->ihl = header_bytes / 4;
	ip->tot_len = htons(header_bytes + data_bytes);
	ip->frag_off = htons(spec->fragment);
	ip->ttl = 64;
	ip->protocol = spec->protocol ?: IPPROTO_TCP;
	ip->saddr = htonl(spec->from);
	ip->daddr = htonl(spec->to);
	memset(ip + 1, 1, spec->ip_options); /* option 1: no operation */
	ip->check = checksum(ip, header_bytes);
}

static void push_tcp(struct frame *frame, const struct frame_spec *spec)
{
	struct tcphdr *tcp = push(frame, sizeof(*tcp) + spec->tcp_options);

	tcp->source = htons(spec->sport ?: 40000);
	tcp->dest = htons(spec->port ?: 80);
	tcp->doff = (sizeof(*tcp) + spec->tcp_options) / 4;
	tcp->window = htons(64240);
	((unsigned char *)tcp)[13] = spec->flags ?: SYN;
	memset(tcp + 1, 1, spec->tcp_options);
}

static void push_udp(struct frame *frame, const struct frame_spec *spec)
{
	struct udphdr *udp = push(frame, sizeof(*udp));

	udp->source = htons(spec->sport ?: 40000);
	udp->dest = htons(spec->port ?: 80);
	udp->len = htons(sizeof(*udp) + spec->payload);
}

static void push_icmp(struct frame *frame, const struct frame_spec *spec)
{
	unsigned char *icmp = push(frame, ICMP_BYTES);
	struct iphdr *ip;
	__be16 *ports;

	icmp[0] = spec->type;
	icmp[1] = spec->code;
	if (!spec->quote_from)
		return;
	ip = push(frame, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = htons(1500);
	ip->protocol = spec->quote_protocol ?: IPPROTO_TCP;
	ip->saddr = htonl(spec->quote_from);
	ip->daddr = htonl(spec->quote_to);
	ports = push(frame, QUOTED_BYTES);
	ports[0] = htons(spec->quote_sport);
	ports[1] = htons(spec->quote_port);
}

static size_t transport_bytes(const struct frame_spec *spec)
{
	switch (spec->protocol ?: IPPROTO_TCP) {
	case IPPROTO_TCP:
		return sizeof(struct tcphdr) + spec->tcp_options;
	case IPPROTO_UDP:
		return sizeof(struct udphdr);
	case IPPROTO_ICMP:
		return ICMP_BYTES + (spec->quote_from ? sizeof(struct iphdr) + QUOTED_BYTES : 0);
	default:
		return 0;
	}
}

void frame_build(const struct frame_spec *spec, struct frame *ret_frame)
{
	ret_frame->size = ret_frame->ip_at = ret_frame->transport_at = 0;
	push_link(ret_frame, spec);
	if (spec->ethertype && spec->ethertype != ETH_P_IP) {
		push(ret_frame, OTHER_BYTES);
		return;
	}
	push_ip(ret_frame, spec, transport_bytes(spec) + spec->payload);
	ret_frame->transport_at = ret_frame->size;
	if (!spec->protocol || spec->protocol == IPPROTO_TCP)
		push_tcp(ret_frame, spec);
	else if (spec->protocol == IPPROTO_UDP)
		push_udp(ret_frame, spec);
	else if (spec->protocol == IPPROTO_ICMP)
		push_icmp(ret_frame, spec);
	push(ret_frame, spec->payload + spec->trailer);
}
