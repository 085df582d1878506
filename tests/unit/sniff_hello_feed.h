/* SPDX-License-Identifier: GPL-2.0-only */
/* A hello is made in `message`, cut in `wire`, and fed to the reader, at once or in pieces. */
#ifndef WEIR_TESTS_SNIFF_HELLO_FEED_H
#define WEIR_TESTS_SNIFF_HELLO_FEED_H

#include "guard.h"
#include "sniff/hello.h"
#include "sniff_hello.h"

static struct bytes message, wire;

static inline enum weir_sniff feed_at_once(struct weir_hello *hello, const void *data, size_t size)
{
	_cleanup_guard_ struct guard guard = guard_of(data, size);

	weir_hello_init(hello);
	return weir_hello_feed(hello, guard.bytes, size, NULL);
}

/* Every way of cutting must give the same answer. */
static inline enum weir_sniff feed_pieces(struct weir_hello *hello, const __u8 *data, size_t size,
					  size_t piece)
{
	enum weir_sniff sniff = WEIR_MORE;

	weir_hello_init(hello);
	for (size_t at = 0; at < size && sniff == WEIR_MORE; at += piece) {
		size_t run = size - at < piece ? size - at : piece;

		sniff = weir_hello_feed(hello, data + at, run, NULL);
	}
	return sniff;
}

static inline void make(const struct hello_parts *parts, size_t record)
{
	hello_message(&message, parts);
	cut_records(&wire, &message, record);
}

#endif
