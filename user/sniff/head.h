/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What request and response heads have in common: lines, fields, framing (RFC 9112).
 *
 * A head is fed as one range that grows: each call is given everything from the head's first byte
 * and looks only at what is new. Offsets stay valid while the range moves.
 */
#ifndef WEIR_SNIFF_HEAD_H
#define WEIR_SNIFF_HEAD_H

#include "sniff/sniff.h"

enum {
	WEIR_TARGET_MAX = 8192,   /* the platform's: 414 */
	WEIR_HEADER_MAX = 8192,   /* one header line, without its CR LF: 431 */
	WEIR_HEADERS_MAX = 32768, /* all header lines with their CR LF: 431 */
	WEIR_METHOD_MAX = 32,
	/* A request head of the largest size, with one empty line before it. */
	WEIR_REQUEST_HEAD_MAX = 2 + WEIR_METHOD_MAX + 1 + WEIR_TARGET_MAX + 11 + WEIR_HEADERS_MAX +
				2,
	WEIR_RESPONSE_HEAD_MAX = 65536,
	/* Each is looked for in every line. Who means well names two. */
	WEIR_NOMINATED_MAX = 16,
};

/* Where reading a head has got to. */
struct weir_head_lines {
	__u32 line;    /* where the current line starts */
	__u32 scanned; /* up to where no LF was found */
};

struct weir_field {
	struct weir_span name;
	struct weir_span value; /* without the white space around it */
};

/* What the fields say about the message's length and the connection's future. */
struct weir_framing_fields {
	__u64 content_length;
	bool has_length;
	bool is_chunked;
	bool closes;      /* Connection: close */
	bool keeps_alive; /* Connection: keep-alive */
	bool upgrades;    /* Connection: upgrade */
	/* Other fields that Connection names, which are then hop by hop. */
	__u8 nominated_count;
	struct weir_span nominated[WEIR_NOMINATED_MAX];
};

/*
 * The next line: *ret_line without its CR LF. MORE when it is not whole. BAD with LINE_ENDING when it
 * ends in a bare LF. A line that is not whole and longer than `max` is BAD with `too_long`.
 */
enum weir_sniff weir_head_line(struct weir_head_lines *lines, const char *head, size_t size,
			       size_t max, enum weir_ending too_long, struct weir_span *ret_line,
			       enum weir_ending *ret_ending);

/* Split `Name: value`. Returns 0 or HEADER: no name, space in or after it, folding, a control byte. */
enum weir_ending weir_field_parse(const char *head, struct weir_span line,
				  struct weir_field *ret_field);

/* Content-Length: one plain decimal number, once. Returns 0, CONTENT_LENGTH or _DUPLICATE. */
enum weir_ending weir_framing_length(const char *head, struct weir_span value,
				     struct weir_framing_fields *framing);

/*
 * Transfer-Encoding: exactly `chunked`, once. Returns 0; TRANSFER_CODING for a well-formed list
 * of known codings that ends in chunked; TRANSFER_ENCODING for everything else.
 */
enum weir_ending weir_framing_coding(const char *head, struct weir_span value,
				     struct weir_framing_fields *framing);

/*
 * Connection: a list of tokens. Returns 0; HEADER when it is no such list; CONNECTION_OPTION when it
 * names a field that frames or routes the message, which would then be lost on the next hop, or
 * more than WEIR_NOMINATED_MAX fields.
 */
enum weir_ending weir_framing_connection(const char *head, struct weir_span value,
					 struct weir_framing_fields *framing);

/*
 * Take the next element of a comma-separated list. Returns false at its end. An element is
 * trimmed and may be empty.
 */
bool weir_list_next(const char *head, struct weir_span *list, struct weir_span *ret_element);

/* Is this part of the head that lower-case word? */
bool weir_span_is(const char *head, struct weir_span span, const char *lower);

#endif
