/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Endings -> what the client is told: an error page in HTML or JSON, or a TLS alert.
 *
 * The list of endings has the status, the alert and the sentence of each; here is only their form. No
 * byte of the request is repeated, so that a page cannot carry what an attacker wrote.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proxy/page.h"
#include "proxy/worker.h"

enum { PAGE_MAX = 1024 };

static const struct ending {
	__u16 status;
	__u8 alert;
	const char *slug;
	const char *text;
} endings[WEIR_ENDINGS_END] = {[WEIR_END_NONE] = {0, 0, "none", "not ended"},
#define X(id, status, alert, slug, text) [WEIR_END_##id] = {status, alert, #slug, text},
			       WEIR_ENDING_LIST(X)
#undef X
};

__u16 weir_ending_status(enum weir_ending ending)
{
	return endings[ending].status;
}

const char *weir_ending_slug(enum weir_ending ending)
{
	return endings[ending].slug;
}

static const char *reason_phrase(__u16 status)
{
	switch (status) {
	case 400:
		return "Bad Request";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 408:
		return "Request Timeout";
	case 413:
		return "Content Too Large";
	case 414:
		return "URI Too Long";
	case 417:
		return "Expectation Failed";
	case 421:
		return "Misdirected Request";
	case 429:
		return "Too Many Requests";
	case 431:
		return "Request Header Fields Too Large";
	case 501:
		return "Not Implemented";
	case 502:
		return "Bad Gateway";
	case 503:
		return "Service Unavailable";
	case 504:
		return "Gateway Timeout";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "Error";
	}
}

static int compose_body(const struct ending *ending, bool is_json, char *to, size_t size)
{
	const char *phrase = reason_phrase(ending->status);

	if (is_json)
		return snprintf(to, size, "{\"status\":%u,\"error\":\"%s\",\"message\":\"%s\"}\n",
				ending->status, ending->slug, ending->text);
	return snprintf(to, size,
			"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>%u "
			"%s</title>"
			"</head><body><h1>%u %s</h1><p>%s.</p></body></html>\n",
			ending->status, phrase, ending->status, phrase, ending->text);
}

static int compose_page(const struct ending *ending, const struct weir_conn *conn, bool keeps_alive,
			char *to, size_t size)
{
	char body[PAGE_MAX / 2];
	int length = compose_body(ending, conn->wants_json, body, sizeof(body));

	return snprintf(to, size,
			"HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n"
			"Cache-Control: no-store\r\nX-Weir-Error: %s\r\n%sConnection: %s\r\n\r\n%s",
			ending->status, reason_phrase(ending->status),
			conn->wants_json ? "application/json" : "text/html; charset=utf-8", length,
			ending->slug,
			ending->status == 405 ? "Allow: GET, HEAD, POST, PUT\r\n" : "",
			keeps_alive ? "keep-alive" : "close", conn->is_head ? "" : body);
}

/* RFC 8446, section 6: a fatal alert in a record of its own. */
static int compose_alert(__u8 alert, char *to)
{
	const char record[] = {21, 3, 1, 0, 2, 2, (char)alert};

	memcpy(to, record, sizeof(record));
	return sizeof(record);
}

int weir_page_compose(struct weir_conn *conn, enum weir_ending number, bool keeps_alive)
{
	const struct ending *ending = &endings[number];
	struct weir_buffer *head;
	char *to;
	int size = 0;

	if (!(conn->protocol == WEIR_TLS ? ending->alert : ending->status))
		return 0;
	if (weir_buffers_make_room(&conn->worker->pools.buffers, &conn->down.head, PAGE_MAX))
		return -ENOMEM;
	head = conn->down.head;
	to = head->data + head->end;
	if (conn->protocol == WEIR_TLS)
		size = compose_alert(ending->alert, to);
	else if (ending->status >= 400 && ending->status != 499)
		size = compose_page(ending, conn, keeps_alive, to, PAGE_MAX);
	conn->status = conn->protocol == WEIR_TLS ? 0 : ending->status;
	head->end += size;
	head->judged = head->end;
	return 0;
}
