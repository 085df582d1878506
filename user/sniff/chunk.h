/* SPDX-License-Identifier: GPL-2.0-only */
/* The chunked coding (RFC 9112, section 7.1): how many of the next bytes are data? */
#ifndef WEIR_SNIFF_CHUNK_H
#define WEIR_SNIFF_CHUNK_H

#include "sniff/sniff.h"

enum {
	WEIR_CHUNK_LINE_MAX = 1024,        /* a size with its extensions */
	WEIR_CHUNK_EXTENSIONS_MAX = 16384, /* all extensions of a message */
	WEIR_TRAILERS_MAX = 8192,
};

enum weir_chunk_step {
	WEIR_CHUNK_MORE, /* all bytes were framing: feed what comes next */
	WEIR_CHUNK_DATA, /* `data_left` bytes of data follow: move them, then weir_chunk_moved() */
	WEIR_CHUNK_DONE, /* the message is complete */
	WEIR_CHUNK_BAD,  /* `ending` says why: CHUNK or TRAILER */
};

struct weir_chunk {
	__u64 data_left; /* not 0: data comes next, and nothing else */
	__u64 size;      /* the size read so far */
	__u8 state;
	__u8 ending;
	__u8 digits;
	bool is_response; /* the caller's, after init: what speaks for the proxy is no harm there */
	__u8 name_size;   /* of the trailer's name so far */
	__u16 line;
	__u16 extensions;
	__u16 trailers;
	char name[18]; /* lower case, `_` as `-`: long enough for the names that are refused */
};

/* Start afresh: the size line of the first chunk comes next. */
void weir_chunk_init(struct weir_chunk *chunk);

/*
 * Feed framing bytes. *ret_used says how many were taken: fewer than `size` only before data and
 * at the end. Not to be called while data is left.
 */
enum weir_chunk_step weir_chunk_feed(struct weir_chunk *chunk, const void *data, size_t size,
				     size_t *ret_used);

/* So many bytes of data were moved, by whatever means; at most data_left. */
static inline void weir_chunk_moved(struct weir_chunk *chunk, __u64 bytes)
{
	chunk->data_left -= bytes;
}

#endif
