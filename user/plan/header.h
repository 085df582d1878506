/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet by what the gate looks at: to a frame that has it, and from a frame to it. For
 * explaining and trying, where the program itself gives the verdict. Pure.
 */
#ifndef WEIR_PLAN_HEADER_H
#define WEIR_PLAN_HEADER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	WEIR_HEADER_FRAME_BYTES = 60, /* the least that Ethernet carries, without its checksum */
	WEIR_HEADER_TEXT_MAX = 96,
	WEIR_TCP_FIN = 0x01,
	WEIR_TCP_SYN = 0x02,
	WEIR_TCP_RST = 0x04,
	WEIR_TCP_PSH = 0x08,
	WEIR_TCP_ACK = 0x10,
	WEIR_TCP_URG = 0x20,
};

struct weir_header {
	__u32 source, destination; /* host order */
	__u16 source_port, port;   /* host order; 0 where the protocol has none */
	__u8 protocol;             /* IPPROTO_* */
	__u8 tcp_flags;            /* WEIR_TCP_*; 0 unless TCP */
	__u8 icmp_type, icmp_code; /* 0 unless ICMP */
};

/*
 * The packet as an Ethernet frame without payload, padded to its size. TCP, UDP and ICMP get
 * their header, any other protocol none. Checksums are 0: the gate reads none.
 */
void weir_header_frame(const struct weir_header *header, __u8 to[static WEIR_HEADER_FRAME_BYTES]);

/*
 * What the frame says, behind up to two VLAN tags and with IP options. Ports and flags are 0
 * where they are cut off, and in every fragment but the first.
 * Returns 0, or -EINVAL when the frame is no whole IPv4 header.
 */
int weir_header_read(const void *frame, size_t size, struct weir_header *ret_flow);

/* `198.51.100.7:40000 > 203.0.113.10:80 tcp syn`. Returns `to`. */
char *weir_header_format(const struct weir_header *header, char to[static WEIR_HEADER_TEXT_MAX]);

/*
 * `syn`, `syn,ack`, `fin,ack`: names joined by commas, or `none`.
 * Returns 0, or -EINVAL: a word is no flag.
 */
int weir_tcp_flags_parse(const char *text, __u8 *ret_flags);

#endif
