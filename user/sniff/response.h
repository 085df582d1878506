/* SPDX-License-Identifier: GPL-2.0-only */
/* The head of an HTTP/1.x response, strictly (RFC 9112, sections 4 to 6). */
#ifndef WEIR_SNIFF_RESPONSE_H
#define WEIR_SNIFF_RESPONSE_H

#include "sniff/head.h"

struct weir_response {
	enum weir_ending ending; /* why, when BAD: RESPONSE_* */
	struct weir_head_lines lines;
	struct weir_framing_fields fields;
	struct weir_span status_line;
	__u32 headers; /* where the header lines start */
	__u32 size;    /* of the whole head once DONE */
	enum weir_framing framing;
	__u16 status; /* 100 to 599 */
	__u8 minor;
	bool keeps_alive; /* the container's connection may carry another request */
	bool is_to_head;  /* set by the caller: the response to HEAD has no body */
};

/* Start afresh for the response to a HEAD request or another. */
void weir_response_init(struct weir_response *response, bool is_to_head);

/* As weir_request_feed. An interim response (1xx) is a head of its own without a body. */
enum weir_sniff weir_response_feed(struct weir_response *response, const char *head, size_t size);

#endif
