/* SPDX-License-Identifier: GPL-2.0-only */
/* Builds ClientHellos, whole or wrong, and cuts them into records. */
#ifndef WEIR_TESTS_SNIFF_HELLO_H
#define WEIR_TESTS_SNIFF_HELLO_H

#include <linux/types.h>
#include <stddef.h>
#include <string.h>

struct bytes {
	__u8 data[1 << 19];
	size_t size;
};

static inline void put(struct bytes *to, const void *data, size_t size)
{
	memcpy(to->data + to->size, data, size);
	to->size += size;
}

static inline void put_number(struct bytes *to, size_t number, int width)
{
	while (width--)
		to->data[to->size++] = number >> (8 * width);
}

static inline void put_zeros(struct bytes *to, size_t size)
{
	memset(to->data + to->size, 0, size);
	to->size += size;
}

/* What goes into a hello; NULL and 0 leave it out. */
struct hello_parts {
	const char *name;
	size_t name_size; /* 0: strlen(name) */
	const char *second_name;
	bool has_two_extensions; /* the second name in an extension of its own */
	const char *alpn;        /* as on the wire: a length byte and a name, each */
	size_t padding;          /* bytes in an unknown extension, such as a key share's */
	bool has_ech;            /* encrypted_client_hello, with what looks like a name inside */
	bool is_without_extensions;
};

static inline void put_name(struct bytes *to, const char *name, size_t size)
{
	put_number(to, 0, 1);
	put_number(to, size, 2);
	put(to, name, size);
}

static inline void put_names(struct bytes *to, const struct hello_parts *parts)
{
	size_t size = parts->name_size ? parts->name_size : strlen(parts->name);
	bool is_list = parts->second_name && !parts->has_two_extensions;
	size_t list = 3 + size + (is_list ? 3 + strlen(parts->second_name) : 0);

	put_number(to, 0, 2);
	put_number(to, list + 2, 2);
	put_number(to, list, 2);
	put_name(to, parts->name, size);
	if (is_list)
		put_name(to, parts->second_name, strlen(parts->second_name));
	if (parts->second_name && parts->has_two_extensions)
		put_names(to, &(struct hello_parts){.name = parts->second_name});
}

static inline void put_extensions(struct bytes *to, const struct hello_parts *parts)
{
	if (parts->padding) {
		put_number(to, 51, 2);
		put_number(to, parts->padding, 2);
		put_zeros(to, parts->padding);
	}
	if (parts->has_ech) {
		put_number(to, 0xfe0d, 2);
		put_number(to, 23, 2);
		put_names(to, &(struct hello_parts){.name = "inner.example."});
	}
	if (parts->name)
		put_names(to, parts);
	if (parts->alpn) {
		put_number(to, 16, 2);
		put_number(to, strlen(parts->alpn) + 2, 2);
		put_number(to, strlen(parts->alpn), 2);
		put(to, parts->alpn, strlen(parts->alpn));
	}
}

/* The handshake message. */
static inline void hello_message(struct bytes *to, const struct hello_parts *parts)
{
	static struct bytes extensions;
	size_t size;

	extensions.size = 0;
	put_extensions(&extensions, parts);
	size = 2 + 32 + 1 + 32 + 2 + 4 + 2 +
	       (parts->is_without_extensions ? 0 : 2 + extensions.size);
	to->size = 0;
	put_number(to, 1, 1);
	put_number(to, size, 3);
	put_number(to, 0x0303, 2);
	put_zeros(to, 32);
	put_number(to, 32, 1);
	put_zeros(to, 32);
	put_number(to, 4, 2);
	put_number(to, 0x13011302, 4);
	put_number(to, 0x0100, 2);
	if (parts->is_without_extensions)
		return;
	put_number(to, extensions.size, 2);
	put(to, extensions.data, extensions.size);
}

/* Cut a message into records of `record` bytes each. */
static inline void cut_records(struct bytes *to, const struct bytes *message, size_t record)
{
	to->size = 0;
	for (size_t at = 0; at < message->size; at += record) {
		size_t size = message->size - at < record ? message->size - at : record;

		put_number(to, 0x160301, 3);
		put_number(to, size, 2);
		put(to, message->data + at, size);
	}
}

#endif
