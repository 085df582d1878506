/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The TLS ClientHello, in whatever pieces it comes: bytes -> server name, ALPN list.
 *
 * Two machines, one inside the other. The record machine strips the 5-byte headers; what is left
 * is one stream, however the sender cut it. The handshake machine takes that stream field by
 * field: each state names the field being read, `field_left` how much of it is missing, and
 * step() decides what comes next once it is whole. Nothing is stored but the name and the list,
 * so that nothing has to be reassembled and every byte is looked at once.
 *
 *   record:     type(1)=22 version(2) length(2) | payload ...
 *   handshake:  type(1)=1 length(3) | version(2) random(32) session<1> ciphers<2> compression<1>
 *               extensions<2>: type(2) length(2) body ...
 *
 * Every length must fit what encloses it exactly, otherwise a container could see another name
 * in the same bytes.
 */
#include <string.h>

#include "sniff/hello.h"

enum {
	RECORD_HANDSHAKE = 22,
	RECORD_HEADER = 5,
	RECORD_MAX = 1 << 14,
	CLIENT_HELLO = 1,
	EXTENSION_SERVER_NAME = 0,
	EXTENSION_ALPN = 16,
};

enum state {
	TYPE,             /* handshake type */
	LENGTH,           /* of the message */
	FIXED,            /* version and random */
	SESSION_SIZE,     /* legacy session id */
	SESSION,          /*  */
	CIPHERS_SIZE,     /* cipher suites */
	CIPHERS,          /*  */
	COMPRESSION_SIZE, /* legacy compression methods */
	COMPRESSION,      /*  */
	EXTENSIONS_SIZE,  /* of all extensions */
	EXTENSION_TYPE,   /* one extension */
	EXTENSION_SIZE,   /*  */
	EXTENSION,        /* a body that is of no interest */
	NAMES_SIZE,       /* server_name: the list */
	NAME_TYPE,        /* 0: host_name, the only one there is */
	NAME_SIZE,        /*  */
	NAME,             /*  */
	PROTOCOLS_SIZE,   /* ALPN: the list */
	PROTOCOL_SIZE,    /* one name */
	PROTOCOL,         /*  */
	WHOLE,            /* the message is complete */
};

void weir_hello_init(struct weir_hello *hello)
{
	memset(hello, 0, sizeof(*hello));
	hello->header_left = RECORD_HEADER;
	hello->body_left = WEIR_HELLO_MAX;
	hello->field_left = 1;
}

static bool refuse(struct weir_hello *hello, enum weir_ending ending)
{
	hello->ending = ending;
	return false;
}

static bool malformed(struct weir_hello *hello)
{
	return refuse(hello, WEIR_END_HELLO_MALFORMED);
}

/* Go on with a field of `size` bytes, which the message must still have. */
static bool expect(struct weir_hello *hello, enum state state, __u32 size)
{
	if (size > hello->body_left)
		return malformed(hello);
	hello->state = state;
	hello->field_left = size;
	hello->value = 0;
	return true;
}

static bool next_extension(struct weir_hello *hello)
{
	return hello->body_left ? expect(hello, EXTENSION_TYPE, 2) : expect(hello, WHOLE, 0);
}

static bool start_message(struct weir_hello *hello)
{
	if (hello->value > WEIR_HELLO_MAX - 4)
		return refuse(hello, WEIR_END_HELLO_TOO_LONG);
	hello->body_left = hello->value;
	return expect(hello, FIXED, 34);
}

static bool start_extension(struct weir_hello *hello)
{
	__u32 size = hello->value;

	if (size > hello->body_left)
		return malformed(hello);
	hello->list_left = size;
	if (hello->extension_type == EXTENSION_SERVER_NAME) {
		if (hello->has_name)
			return refuse(hello, WEIR_END_HELLO_DUPLICATE_NAME);
		hello->has_name = true;
		return size > 5 ? expect(hello, NAMES_SIZE, 2)
				: refuse(hello, size == 5 ? WEIR_END_HELLO_NAME
							  : WEIR_END_HELLO_MALFORMED);
	}
	if (hello->extension_type == EXTENSION_ALPN) {
		if (hello->has_alpn || size < 4)
			return malformed(hello);
		hello->has_alpn = true;
		return expect(hello, PROTOCOLS_SIZE, 2);
	}
	return expect(hello, EXTENSION, size);
}

/* A list's own length must fill its extension. */
static bool start_list(struct weir_hello *hello, enum state state)
{
	hello->list_left -= 2;
	return hello->value == hello->list_left ? expect(hello, state, 1) : malformed(hello);
}

static bool start_name(struct weir_hello *hello)
{
	if (hello->value + 3 > hello->list_left)
		return malformed(hello);
	if (hello->value + 3 < hello->list_left)
		return refuse(hello, WEIR_END_HELLO_DUPLICATE_NAME);
	if (!hello->value || hello->value > WEIR_NAME_MAX + 1)
		return refuse(hello, WEIR_END_HELLO_NAME);
	return expect(hello, NAME, hello->value);
}

static bool end_name(struct weir_hello *hello)
{
	char raw[WEIR_NAME_MAX + 1];
	int size;

	memcpy(raw, hello->name, hello->name_raw);
	size = weir_name_normalise(raw, hello->name_raw, hello->name);
	if (size < 0)
		return refuse(hello, WEIR_END_HELLO_NAME);
	hello->name_size = size;
	return next_extension(hello);
}

static bool start_protocol(struct weir_hello *hello)
{
	__u32 size = hello->value;

	if (!size || size + 1 > hello->list_left)
		return malformed(hello);
	hello->list_left -= size + 1;
	/* A list longer than what is kept loses what does not fit, by whole entries. */
	hello->keeps_protocol = hello->alpn_size + size + 1 <= WEIR_HELLO_ALPN_MAX;
	if (hello->keeps_protocol)
		hello->alpn[hello->alpn_size] = size;
	return expect(hello, PROTOCOL, size);
}

static bool end_protocol(struct weir_hello *hello)
{
	return hello->list_left ? expect(hello, PROTOCOL_SIZE, 1) : next_extension(hello);
}

/* The field is whole: what comes next? Returns false when the message is refused. */
static bool step(struct weir_hello *hello)
{
	__u32 value = hello->value;

	switch ((enum state)hello->state) {
	case TYPE:
		return value == CLIENT_HELLO ? expect(hello, LENGTH, 3) : malformed(hello);
	case LENGTH:
		return start_message(hello);
	case FIXED:
		return expect(hello, SESSION_SIZE, 1);
	case SESSION_SIZE:
		return value <= 32 ? expect(hello, SESSION, value) : malformed(hello);
	case SESSION:
		return expect(hello, CIPHERS_SIZE, 2);
	case CIPHERS_SIZE:
		return value && value % 2 == 0 ? expect(hello, CIPHERS, value) : malformed(hello);
	case CIPHERS:
		return expect(hello, COMPRESSION_SIZE, 1);
	case COMPRESSION_SIZE:
		return value ? expect(hello, COMPRESSION, value) : malformed(hello);
	case COMPRESSION:
		return hello->body_left ? expect(hello, EXTENSIONS_SIZE, 2)
					: expect(hello, WHOLE, 0);
	case EXTENSIONS_SIZE:
		return value == hello->body_left ? next_extension(hello) : malformed(hello);
	case EXTENSION_TYPE:
		hello->extension_type = value;
		return expect(hello, EXTENSION_SIZE, 2);
	case EXTENSION_SIZE:
		return start_extension(hello);
	case EXTENSION:
		return next_extension(hello);
	case NAMES_SIZE:
		return start_list(hello, NAME_TYPE);
	case NAME_TYPE:
		return value == 0 ? expect(hello, NAME_SIZE, 2) : malformed(hello);
	case NAME_SIZE:
		return start_name(hello);
	case NAME:
		return end_name(hello);
	case PROTOCOLS_SIZE:
		return start_list(hello, PROTOCOL_SIZE);
	case PROTOCOL_SIZE:
		return start_protocol(hello);
	case PROTOCOL:
		return end_protocol(hello);
	case WHOLE:
		break;
	}
	return malformed(hello);
}

static void store_protocol(struct weir_hello *hello, const __u8 *data, size_t size)
{
	__u8 *entry = hello->alpn + hello->alpn_size;

	if (!hello->keeps_protocol)
		return;
	memcpy(entry + 1 + entry[0] - hello->field_left, data, size);
	if (hello->field_left == size)
		hello->alpn_size += entry[0] + 1;
}

/* Take up to `size` bytes of the current field. */
static void take(struct weir_hello *hello, const __u8 *data, size_t size)
{
	switch ((enum state)hello->state) {
	case FIXED:
	case SESSION:
	case CIPHERS:
	case COMPRESSION:
	case EXTENSION:
		break;
	case NAME:
		memcpy(hello->name + hello->name_raw, data, size);
		hello->name_raw += size;
		break;
	case PROTOCOL:
		store_protocol(hello, data, size);
		break;
	default:
		for (size_t i = 0; i < size; i++)
			hello->value = hello->value << 8 | data[i];
	}
	hello->field_left -= size;
	hello->body_left -= size;
}

/* A run of handshake bytes. Returns how many were taken, or -1 when refused. */
static long feed_handshake(struct weir_hello *hello, const __u8 *data, size_t size)
{
	size_t used = 0;

	while (used < size && hello->state != WHOLE) {
		size_t run = size - used < hello->field_left ? size - used : hello->field_left;

		take(hello, data + used, run);
		used += run;
		while (!hello->field_left && hello->state != WHOLE)
			if (!step(hello))
				return -1;
	}
	return used;
}

/* One byte of a record's header. */
static bool feed_record_header(struct weir_hello *hello, __u8 byte)
{
	switch (hello->header_left--) {
	case 5:
		return byte == RECORD_HANDSHAKE ||
		       refuse(hello,
			      hello->state == TYPE ? WEIR_END_NOT_TLS : WEIR_END_HELLO_MALFORMED);
	case 4:
		return byte == 3 || malformed(hello);
	case 2:
		hello->record_left = byte << 8;
		return true;
	case 1:
		hello->record_left |= byte;
		/* Empty handshake records are illegal, RFC 8446, section 5.1. */
		return (hello->record_left && hello->record_left <= RECORD_MAX) || malformed(hello);
	default:
		return true;
	}
}

enum weir_sniff weir_hello_feed(struct weir_hello *hello, const void *data, size_t size,
				size_t *ret_used)
{
	const __u8 *bytes = data;
	size_t used = 0;

	while (used < size) {
		size_t run = size - used < hello->record_left ? size - used : hello->record_left;
		long taken;

		if (hello->header_left) {
			if (!feed_record_header(hello, bytes[used++]))
				return WEIR_BAD;
			continue;
		}
		taken = feed_handshake(hello, bytes + used, run);
		if (taken < 0)
			return WEIR_BAD;
		used += taken;
		hello->record_left -= taken;
		if (hello->state == WHOLE)
			break;
		if (!hello->record_left)
			hello->header_left = RECORD_HEADER;
	}
	if (hello->state != WHOLE)
		return WEIR_MORE;
	/* No other message may share the hello's record: the next keys depend on the answer. */
	if (hello->record_left && !malformed(hello))
		return WEIR_BAD;
	if (ret_used)
		*ret_used = used;
	return WEIR_DONE;
}
