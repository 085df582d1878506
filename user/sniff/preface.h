/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PROXY protocol's header, which a front end sends before a connection's own bytes: who is the
 * client? (haproxy.org, proxy-protocol.txt, versions 1 and 2)
 */
#ifndef WEIR_SNIFF_PREFACE_H
#define WEIR_SNIFF_PREFACE_H

#include "sniff/sniff.h"

enum {
	WEIR_PREFACE_V1_MAX = 107, /* section 2.1: the longest line with its end */
	WEIR_PREFACE_MAX = 8192,   /* version 2 may be 64 kB; certificates in it are a few kB */
};

struct weir_preface {
	enum weir_ending ending; /* why, when BAD */
	bool has_client;         /* false: the connection's own addresses count */
	__be32 client_address, server_address;
	__be16 client_port, server_port;
	__u32 size; /* of the whole header once DONE */
};

/*
 * Feed everything from the connection's first byte on. Needs no state between calls, and costs the
 * same at each. DONE without a client: LOCAL, UNKNOWN, or no Internet address. BAD: `ending` is
 * PROXY_HEADER, or PROXY_HEADER_ADDRESS for a client that has no IPv4 address; one that is mapped
 * into IPv6 has.
 */
enum weir_sniff weir_preface_feed(struct weir_preface *preface, const void *data, size_t size);

#endif
