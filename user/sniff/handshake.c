/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ClientHello as a stream of handshake bytes: fields -> server name, ALPN list.
 *
 *   type(1)=1 length(3) | version(2) random(32) session<1> ciphers<2> compression<1>
 *   extensions<2>: type(2) length(2) body ...
 *
 * Field by field: each state names the field being read, `field_left` how much of it is missing,
 * and step() decides what comes next once it is whole. Nothing is stored but the name and the list,
 * so that nothing has to be reassembled and every byte is looked at once. Every length must fit what
 * encloses it exactly, otherwise a container could see another name in the same bytes.
 */
#include "sniff/handshake.h"

#include <string.h>

enum {
	CLIENT_HELLO = 1,
	EXTENSION_SERVER_NAME = 0,
	EXTENSION_ALPN = 16,
};

enum state {
	TYPE,         /* handshake type; zero: nothing has been read */
	LENGTH,       /* of the message */
	FIXED,        /* version and random */
	SESSION_SIZE, /* legacy session id */
	SESSION,
	CIPHERS_SIZE, /* cipher suites */
	CIPHERS,
	COMPRESSION_SIZE, /* legacy compression methods */
	COMPRESSION,
	EXTENSIONS_SIZE, /* of all extensions */
	EXTENSION_TYPE,  /* one extension */
	EXTENSION_SIZE,
	EXTENSION,  /* a body that is of no interest */
	NAMES_SIZE, /* server_name: the list */
	NAME_TYPE,  /* 0: host_name, the only one there is */
	NAME_SIZE,
	NAME,
	PROTOCOLS_SIZE, /* ALPN: the list */
	PROTOCOL_SIZE,  /* one name */
	PROTOCOL,
	WHOLE, /* the message is complete */
};

bool weir_hello_refuse(struct weir_hello *hello, enum weir_ending ending)
{
	hello->ending = ending;
	return false;
}

static bool malformed(struct weir_hello *hello)
{
	return weir_hello_refuse(hello, WEIR_END_HELLO_MALFORMED);
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
		return weir_hello_refuse(hello, WEIR_END_HELLO_TOO_LONG);
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
			return weir_hello_refuse(hello, WEIR_END_HELLO_DUPLICATE_NAME);
		hello->has_name = true;
		return size > 5 ? expect(hello, NAMES_SIZE, 2)
				: weir_hello_refuse(hello, size == 5 ? WEIR_END_HELLO_NAME
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
		return weir_hello_refuse(hello, WEIR_END_HELLO_DUPLICATE_NAME);
	if (!hello->value || hello->value > WEIR_NAME_MAX + 1)
		return weir_hello_refuse(hello, WEIR_END_HELLO_NAME);
	return expect(hello, NAME, hello->value);
}

static bool end_name(struct weir_hello *hello)
{
	char raw[WEIR_NAME_MAX + 1];
	int size;

	memcpy(raw, hello->name, hello->name_raw);
	size = weir_name_normalise(raw, hello->name_raw, hello->name);
	if (size < 0)
		return weir_hello_refuse(hello, WEIR_END_HELLO_NAME);
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

long weir_handshake_feed(struct weir_hello *hello, const __u8 *data, size_t size)
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

bool weir_handshake_has_begun(const struct weir_hello *hello)
{
	return hello->state != TYPE;
}

bool weir_handshake_is_whole(const struct weir_hello *hello)
{
	return hello->state == WHOLE;
}
