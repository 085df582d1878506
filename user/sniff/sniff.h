/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every parser of this layer answers. They are pure: bytes in, values out, no allocation and
 * no I/O. Each is incremental, so that input which arrives byte by byte costs linear time, and
 * each says MORE for every strict prefix of a valid message.
 */
#ifndef WEIR_SNIFF_SNIFF_H
#define WEIR_SNIFF_SNIFF_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "weir/endings.h"

enum weir_sniff {
	WEIR_MORE, /* not whole yet: feed again with what comes next */
	WEIR_DONE, /* whole and valid */
	WEIR_BAD,  /* can never become valid; the parser's `ending` says why */
};

/* A part of the input, by its offset from the start of the message: the buffer may move. */
struct weir_span {
	__u32 at;
	__u32 size;
};

/* How the end of a message's body is found (RFC 9112, section 6). */
enum weir_framing {
	WEIR_FRAMED_EMPTY,   /* there is no body */
	WEIR_FRAMED_LENGTH,  /* so many bytes */
	WEIR_FRAMED_CHUNKED, /* the chunked coding */
	WEIR_FRAMED_CLOSE,   /* until the sender closes: responses and tunnels only */
};

#endif
