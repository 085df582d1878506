/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The TLS ClientHello: which host and which protocols does the client ask for?
 * (RFC 8446, sections 4.1.2 and 5.1; RFC 6066, section 3; RFC 7301)
 */
#ifndef WEIR_SNIFF_HELLO_H
#define WEIR_SNIFF_HELLO_H

#include "sniff/name.h"
#include "sniff/sniff.h"

enum {
	WEIR_HELLO_MAX = 65536, /* the handshake message with its header, without record headers */
	/* The same on the wire, cut into the shortest records that there can be. */
	WEIR_HELLO_WIRE_MAX = WEIR_HELLO_MAX * 6,
	WEIR_HELLO_ALPN_MAX = 96, /* bytes of the protocol list that are kept */
};

struct weir_hello {
	enum weir_ending ending; /* why, when BAD */
	bool has_name;
	__u8 name_size;
	char name[WEIR_NAME_MAX + 1]; /* normalised once DONE */
	__u8 alpn_size;
	__u8 alpn[WEIR_HELLO_ALPN_MAX]; /* a length byte and the name, each; whole entries */
	/* The parser's own. */
	__u8 state;
	__u8 header_left; /* of the record header */
	bool has_alpn;
	bool keeps_protocol;
	__u8 name_raw; /* bytes of the name so far */
	__u16 record_left;
	__u16 extension_type;
	__u32 field_left; /* of the field that `state` names */
	__u32 value;      /* the number read so far */
	__u32 list_left;
	__u32 body_left; /* of the handshake message, after its header */
};

/* Start afresh. */
void weir_hello_init(struct weir_hello *hello);

/*
 * Feed the bytes that follow those of the previous calls.
 * DONE: name (empty and has_name false if there is none) and alpn are set. *ret_used, where not
 * NULL, says how many of these bytes the hello took: the rest follows it on the connection.
 * BAD: `ending` is one of NOT_TLS, HELLO_*. Call it no more after DONE or BAD.
 */
enum weir_sniff weir_hello_feed(struct weir_hello *hello, const void *data, size_t size,
				size_t *ret_used);

#endif
