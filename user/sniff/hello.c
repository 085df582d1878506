/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The TLS ClientHello, in whatever pieces it comes: records -> one stream of handshake bytes.
 *
 *   record: type(1)=22 version(2) length(2) | payload ...
 *
 * Two machines, one inside the other. This one strips the 5-byte headers, however the sender cut the
 * message; handshake.c reads what is left.
 */
#include <string.h>

#include "sniff/handshake.h"

enum {
	RECORD_HANDSHAKE = 22,
	RECORD_HEADER = 5,
	RECORD_MAX = 1 << 14,
};

void weir_hello_init(struct weir_hello *hello)
{
	memset(hello, 0, sizeof(*hello));
	hello->header_left = RECORD_HEADER;
	hello->body_left = WEIR_HELLO_MAX;
	hello->field_left = 1;
}

static bool malformed(struct weir_hello *hello)
{
	return weir_hello_refuse(hello, WEIR_END_HELLO_MALFORMED);
}

/* One byte of a record's header. */
static bool feed_record_header(struct weir_hello *hello, __u8 byte)
{
	switch (hello->header_left--) {
	case 5:
		return byte == RECORD_HANDSHAKE ||
		       weir_hello_refuse(hello, weir_handshake_has_begun(hello)
							? WEIR_END_HELLO_MALFORMED
							: WEIR_END_NOT_TLS);
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
		taken = weir_handshake_feed(hello, bytes + used, run);
		if (taken < 0)
			return WEIR_BAD;
		used += taken;
		hello->record_left -= taken;
		if (weir_handshake_is_whole(hello))
			break;
		if (!hello->record_left)
			hello->header_left = RECORD_HEADER;
	}
	if (!weir_handshake_is_whole(hello))
		return WEIR_MORE;
	/* No other message may share the hello's record: the next keys depend on the answer. */
	if (hello->record_left) {
		malformed(hello);
		return WEIR_BAD;
	}
	if (ret_used)
		*ret_used = used;
	return WEIR_DONE;
}
