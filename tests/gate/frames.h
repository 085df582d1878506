/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames, from a description of what matters about them: every field that is left 0 gets the
 * value that a plain, correct frame has. Then, where a test wants it wrong, the frame is edited
 * through pointers to its headers.
 */
#ifndef WEIR_TESTS_FRAMES_H
#define WEIR_TESTS_FRAMES_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/types.h>
#include <linux/udp.h>
#include <stddef.h>

enum { FRAME_MAX = 20000, TAGS_MAX = 3 };

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32 };

struct frame_spec {
	__u32 from, to;    /* host order */
	__u8 protocol;     /* IPPROTO_*; 0: TCP */
	__u16 sport, port; /* 0: 40000, 80 */
	__u8 flags;        /* of TCP; 0: SYN */
	__u16 payload;     /* bytes after the transport header */
	__u8 ip_options;   /* bytes, a multiple of 4 */
	__u8 tcp_options;  /* likewise */
	__u16 fragment;    /* the frag_off field, host order */
	__u8 tags;         /* VLAN tags: the last one 802.1Q, those before it 802.1ad */
	__u16 ethertype;   /* 0: IPv4. Any other: 50 bytes of nothing follow */
	__u8 type, code;   /* of ICMP */
	__u32 quote_from;  /* 0: no quote. Else what an ICMP error quotes, host order */
	__u32 quote_to;
	__u16 quote_sport, quote_port;
	__u8 quote_protocol; /* 0: TCP */
	__u16 trailer;       /* padding after the IPv4 packet */
};

struct frame {
	size_t size;
	size_t ip_at, transport_at; /* offsets; 0 where there is none */
	unsigned char align[2];     /* so that the IPv4 header lies at a multiple of 4 */
	unsigned char bytes[FRAME_MAX];
};

void frame_build(const struct frame_spec *spec, struct frame *ret_frame);

static inline struct iphdr *frame_ip(struct frame *frame)
{
	return (struct iphdr *)(frame->bytes + frame->ip_at);
}

static inline struct tcphdr *frame_tcp(struct frame *frame)
{
	return (struct tcphdr *)(frame->bytes + frame->transport_at);
}

static inline struct udphdr *frame_udp(struct frame *frame)
{
	return (struct udphdr *)(frame->bytes + frame->transport_at);
}

/* The 13th byte of the TCP header. */
static inline unsigned char *frame_flags(struct frame *frame)
{
	return frame->bytes + frame->transport_at + 13;
}

#endif
