/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scalars -> frame -> scalars. Reading mirrors the gate's parse stage as far as its fields go,
 * but judges nothing: it is for words about a packet that the program has judged.
 */
#include "plan/header.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/prefix.h"

#define IP_OFFSET_MASK 0x1fff

enum { TCP_BYTES = 20, TCP_FLAGS_AT = 13, ICMP_BYTES = 8 };

static const struct {
	const char *name;
	__u8 flag;
} flags[] = {
	{"fin", WEIR_TCP_FIN}, {"syn", WEIR_TCP_SYN}, {"rst", WEIR_TCP_RST},
	{"psh", WEIR_TCP_PSH}, {"ack", WEIR_TCP_ACK}, {"urg", WEIR_TCP_URG},
};

enum { FLAGS = sizeof(flags) / sizeof(flags[0]) };

static void put16(__u8 *to, __u16 value)
{
	to[0] = value >> 8;
	to[1] = value;
}

static __u16 get16(const __u8 *from)
{
	return from[0] << 8 | from[1];
}

/* The transport header of the header at `to`. Returns its size. */
static size_t put_transport(const struct weir_header *header, __u8 *to)
{
	if (header->protocol == IPPROTO_ICMP) {
		to[0] = header->icmp_type;
		to[1] = header->icmp_code;
		return ICMP_BYTES;
	}
	if (header->protocol != IPPROTO_TCP && header->protocol != IPPROTO_UDP)
		return 0;
	put16(to, header->source_port);
	put16(to + 2, header->port);
	if (header->protocol == IPPROTO_UDP) {
		put16(to + 4, sizeof(struct udphdr));
		return sizeof(struct udphdr);
	}
	to[12] = TCP_BYTES / 4 << 4;
	to[TCP_FLAGS_AT] = header->tcp_flags;
	return TCP_BYTES;
}

void weir_header_frame(const struct weir_header *header, __u8 to[static WEIR_HEADER_FRAME_BYTES])
{
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = header->protocol,
		.saddr = htonl(header->source),
		.daddr = htonl(header->destination),
	};

	memset(to, 0, WEIR_HEADER_FRAME_BYTES);
	put16(to + ETH_HLEN - 2, ETH_P_IP);
	ip.tot_len = htons(sizeof(ip) + put_transport(header, to + ETH_HLEN + sizeof(ip)));
	memcpy(to + ETH_HLEN, &ip, sizeof(ip));
}

static void read_transport(const __u8 *at, size_t size, struct weir_header *header)
{
	if (header->protocol == IPPROTO_ICMP && size >= 2) {
		header->icmp_type = at[0];
		header->icmp_code = at[1];
	}
	if ((header->protocol != IPPROTO_TCP && header->protocol != IPPROTO_UDP) || size < 4)
		return;
	header->source_port = get16(at);
	header->port = get16(at + 2);
	if (header->protocol == IPPROTO_TCP && size > TCP_FLAGS_AT)
		header->tcp_flags = at[TCP_FLAGS_AT];
}

/* Where the frame's IPv4 header begins, or 0: it is no IPv4 frame. */
static size_t find_ipv4(const __u8 *frame, size_t size)
{
	size_t at = ETH_HLEN;

	for (int tags = 0; at <= size; tags++, at += 4) {
		__u16 type = get16(frame + at - 2);

		if (type == ETH_P_IP)
			return at;
		if ((type != ETH_P_8021Q && type != ETH_P_8021AD) || tags == 2)
			return 0;
	}
	return 0;
}

int weir_header_read(const void *frame, size_t size, struct weir_header *ret_flow)
{
	size_t at = find_ipv4(frame, size), header_bytes;
	struct weir_header header = {};
	struct iphdr ip;

	if (!at || size - at < sizeof(ip))
		return -EINVAL;
	memcpy(&ip, (const __u8 *)frame + at, sizeof(ip));
	header_bytes = ip.ihl * 4;
	if (ip.version != 4 || header_bytes < sizeof(ip))
		return -EINVAL;
	header.source = ntohl(ip.saddr);
	header.destination = ntohl(ip.daddr);
	header.protocol = ip.protocol;
	at += header_bytes;
	if (at <= size && !(ntohs(ip.frag_off) & IP_OFFSET_MASK))
		read_transport((const __u8 *)frame + at, size - at, &header);
	*ret_flow = header;
	return 0;
}

static void flags_format(__u8 set, char to[static 32])
{
	size_t size = 0;

	to[0] = '\0';
	for (int i = 0; i < FLAGS; i++)
		if (set & flags[i].flag)
			size += snprintf(to + size, 32 - size, "%s%s", size ? "," : " ",
					 flags[i].name);
}

char *weir_header_format(const struct weir_header *header, char to[static WEIR_HEADER_TEXT_MAX])
{
	char source[WEIR_PREFIX_TEXT_MAX], destination[WEIR_PREFIX_TEXT_MAX], set[32];
	const char *const ends = "%s:%u > %s:%u %s%s";

	weir_address_format(header->source, source);
	weir_address_format(header->destination, destination);
	flags_format(header->tcp_flags, set);
	if (header->protocol == IPPROTO_TCP || header->protocol == IPPROTO_UDP)
		snprintf(to, WEIR_HEADER_TEXT_MAX, ends, source, header->source_port, destination,
			 header->port, header->protocol == IPPROTO_TCP ? "tcp" : "udp", set);
	else if (header->protocol == IPPROTO_ICMP)
		snprintf(to, WEIR_HEADER_TEXT_MAX, "%s > %s icmp type %u code %u", source,
			 destination, header->icmp_type, header->icmp_code);
	else
		snprintf(to, WEIR_HEADER_TEXT_MAX, "%s > %s protocol %u", source, destination,
			 header->protocol);
	return to;
}

static int flag_parse(const char *text, size_t size, __u8 *set)
{
	for (int i = 0; i < FLAGS; i++) {
		if (strlen(flags[i].name) != size || memcmp(flags[i].name, text, size))
			continue;
		*set |= flags[i].flag;
		return 0;
	}
	return -EINVAL;
}

int weir_tcp_flags_parse(const char *text, __u8 *ret_flags)
{
	__u8 set = 0;

	if (!strcmp(text, "none")) {
		*ret_flags = 0;
		return 0;
	}
	for (;;) {
		size_t size = strcspn(text, ",");

		if (flag_parse(text, size, &set))
			return -EINVAL;
		if (!text[size])
			break;
		text += size + 1;
	}
	*ret_flags = set;
	return 0;
}
