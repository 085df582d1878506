/* SPDX-License-Identifier: GPL-2.0-only */
/* The head of an HTTP/1.x request, strictly (RFC 9112, sections 2 to 7; RFC 9110). */
#ifndef WEIR_SNIFF_REQUEST_H
#define WEIR_SNIFF_REQUEST_H

#include "sniff/head.h"
#include "sniff/name.h"

struct weir_request {
	enum weir_ending ending; /* why, when BAD */
	struct weir_head_lines lines;
	struct weir_framing_fields fields;
	struct weir_span method;
	struct weir_span target; /* as the container is to see it: origin-form or `*` */
	struct weir_span
		authority;     /* Host's value, or of the absolute target where there is no Host */
	struct weir_span host; /* the value of Host */
	struct weir_span upgrade;    /* the value of Upgrade, if any */
	struct weir_span request_id; /* the value of X-Request-ID, if any */
	__u32 headers;               /* where the header lines start */
	__u32 size;                  /* of the whole head once DONE */
	enum weir_framing framing;   /* EMPTY, LENGTH or CHUNKED */
	__u8 minor;                  /* HTTP/1.0 or HTTP/1.1 */
	bool is_head;
	bool is_idempotent; /* may be sent again: RFC 9110, section 9.2.2 */
	bool has_host;
	bool has_absolute; /* the target was in absolute form */
	bool wants_json;   /* Accept prefers JSON to HTML, for an error page */
	bool keeps_alive;  /* the client means to send another request */
	bool upgrades;     /* asks for another protocol in a way that can be granted */
	bool is_http;      /* Upgrade to any HTTP, or twice: not granted */
	bool skipped_empty_line;
	__u8 name_size; /* 0: no name, or an address, which only the default route serves */
	char name[WEIR_NAME_MAX + 1]; /* normalised */
};

/* Start afresh: cheap, `name` and the spans are not cleared. */
void weir_request_init(struct weir_request *request);

/*
 * Feed everything from the head's first byte on; the previous call's bytes must be its prefix.
 * DONE: all of *request is set, `size` bytes were the head. BAD: `ending` says why, and the
 * status that goes with it.
 */
enum weir_sniff weir_request_feed(struct weir_request *request, const char *head, size_t size);

#endif
