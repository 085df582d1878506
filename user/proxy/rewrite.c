/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rewriting heads: validated head -> the head that is sent on.
 *
 * Fields are copied line by line as they came, in runs; what is hop by hop (RFC 9110, section 7.6.1),
 * what a Connection field nominates, and what only the platform may say is left out.
 */
#include <string.h>

#include "proxy/put.h"
#include "proxy/rewrite.h"
#include "sniff/chars.h"

/* Names of hop-by-hop fields; Upgrade is added again where it is meant. */
#define HOP_BY_HOP                                                                                 \
	WEIR_WORD("connection"), WEIR_WORD("keep-alive"), WEIR_WORD("proxy-connection"),           \
		WEIR_WORD("te"), WEIR_WORD("upgrade"), WEIR_WORD("proxy-authorization"),           \
		WEIR_WORD("http2-settings")

/* The first are for who is believed, because all of X-Forwarded-* goes for everybody else. */
enum { BELIEVED = 3 };
static const struct weir_word request_drops[] = {WEIR_WORD("x-forwarded-for"),
						 WEIR_WORD("x-forwarded-proto"),
						 WEIR_WORD("x-forwarded-port"),
						 HOP_BY_HOP,
						 WEIR_WORD("host"),
						 WEIR_WORD("forwarded"),
						 WEIR_WORD("x-real-ip"),
						 WEIR_WORD("x-request-id"),
						 WEIR_WORD("x-request-start"),
						 {}};
/* From which on depends on the response: the coding stays with its body, Upgrade where it says something. */
enum { CODED = 2, UPGRADED = 3 };
static const struct weir_word response_drops[] = {WEIR_WORD("transfer-encoding"),
						  WEIR_WORD("trailer"),
						  WEIR_WORD("upgrade"),
						  WEIR_WORD("connection"),
						  WEIR_WORD("keep-alive"),
						  WEIR_WORD("proxy-connection"),
						  WEIR_WORD("proxy-authenticate"),
						  {}};

/* CGI and its heirs fold `-` and `_`: a name must not come back in through that door. */
static bool is_name(const char *name, const struct weir_word *word)
{
	size_t i = 0;

	while (i < word->size && (name[i] == '_' ? '-' : weir_lower(name[i])) == word->lower[i])
		i++;
	return i == word->size;
}

static bool is_dropped(const char *name, size_t size, const struct weir_word *drops)
{
	for (; drops->size; drops++)
		if (size == drops->size && is_name(name, drops))
			return true;
	return false;
}

struct copy {
	const char *head;
	__u32 from, to; /* the header lines, without the empty one */
	const struct weir_word *drops;
	bool drops_forwarded; /* X-Forwarded-*, too */
	const struct weir_framing_fields *fields;
};

/* Does a Connection field name this one? */
static bool is_nominated(const struct copy *copy, const char *name, size_t size)
{
	for (int i = 0; i < copy->fields->nominated_count; i++) {
		struct weir_span option = copy->fields->nominated[i];
		size_t same = 0;

		while (same < size && option.size == size &&
		       weir_lower(copy->head[option.at + same]) == weir_lower(name[same]))
			same++;
		if (same == size)
			return true;
	}
	return false;
}

static bool is_kept(const struct copy *copy, const char *name, size_t size)
{
	static const struct weir_word forwarded = WEIR_WORD("x-forwarded-");

	if (is_dropped(name, size, copy->drops))
		return false;
	if (copy->drops_forwarded && size > forwarded.size && is_name(name, &forwarded))
		return false;
	return !is_nominated(copy, name, size);
}

/* Copy the lines that stay. */
static char *copy_fields(const struct copy *copy, char *to)
{
	for (__u32 at = copy->from; at < copy->to;) {
		const char *line = copy->head + at;
		const char *end = memchr(line, '\n', copy->to - at);
		const char *colon = memchr(line, ':', end - line);

		if (is_kept(copy, line, colon - line))
			to = weir_put(to, line, end + 1 - line);
		at = end + 1 - copy->head;
	}
	return to;
}

static char *append_request_line(char *to, const struct weir_request *request, const char *head)
{
	bool is_options = weir_span_is(head, request->method, "options");

	to = weir_put_span(to, head, request->method);
	*to++ = ' ';
	if (request->target.size)
		to = weir_put_span(to, head, request->target);
	else
		*to++ = is_options ? '*' : '/';
	to = weir_put_text(to, " HTTP/1.1\r\nHost: ");
	to = weir_put_span(to, head, request->authority);
	return weir_put_text(to, "\r\n");
}

/* A client's own id is kept if it is one: short, and of letters that no log trips over. */
static bool is_request_id(const char *text, size_t size)
{
	if (!size || size > WEIR_REQUEST_ID_MAX)
		return false;
	for (size_t i = 0; i < size; i++)
		if (!weir_char_is(text[i], WEIR_CHAR_NAME) && text[i] != '.')
			return false;
	return true;
}

const char *weir_rewrite_id(const struct weir_request *request, const char *head,
			    const __u64 random[2], char room[WEIR_REQUEST_ID_ROOM],
			    size_t *ret_size)
{
	struct weir_span own = request->request_id;

	if (is_request_id(head + own.at, own.size)) {
		*ret_size = own.size;
		return head + own.at;
	}
	for (int i = 0; i < WEIR_REQUEST_ID_ROOM; i++)
		room[i] = "0123456789abcdef"[random[i / 16] >> (i % 16 * 4) & 15];
	*ret_size = WEIR_REQUEST_ID_ROOM;
	return room;
}

size_t weir_rewrite_request(const struct weir_request *request, const char *head,
			    const struct weir_rewrite_client *client, char *to)
{
	const struct copy copy = {.head = head,
				  .from = request->headers,
				  .to = request->size - 2,
				  .drops = request_drops + (client->is_trusted ? 0 : BELIEVED),
				  .drops_forwarded = !client->is_trusted,
				  .fields = &request->fields};
	char *start = to;

	to = append_request_line(to, request, head);
	to = copy_fields(&copy, to);
	to = weir_forwarded_put(request, head, client, to);
	to = weir_put_text(to, "X-Request-ID: ");
	to = weir_put(to, client->id, client->id_size);
	if (request->upgrades) {
		to = weir_put_text(to, "\r\nConnection: Upgrade\r\nUpgrade: ");
		to = weir_put_span(to, head, request->upgrade);
	}
	to = weir_put_text(to, "\r\n\r\n");
	return to - start;
}

static const struct weir_word *drops_of(const struct weir_response *response,
					const struct weir_rewrite_response *how)
{
	bool is_meant = how->is_switch || response->status == 426; /* granted, or required */

	return response_drops + (is_meant ? UPGRADED : how->drops_coding ? 0 : CODED);
}

size_t weir_rewrite_response(const struct weir_response *response, const char *head,
			     const struct weir_rewrite_response *how, char *to)
{
	const struct copy copy = {.head = head,
				  .from = response->headers,
				  .to = response->size - 2,
				  .drops = drops_of(response, how),
				  .fields = &response->fields};
	char *start = to;

	to = weir_put_text(to, "HTTP/1.1");
	to = weir_put(to, head + response->status_line.at + 8, response->status_line.size - 8);
	to = weir_put_text(to, "\r\n");
	to = copy_fields(&copy, to);
	if (how->is_switch)
		to = weir_put_text(to, "Connection: Upgrade\r\n");
	else if (!how->keeps_alive && response->status >= 200)
		to = weir_put_text(to, "Connection: close\r\n");
	else if (how->says_alive && response->status >= 200)
		to = weir_put_text(to, "Connection: keep-alive\r\n");
	to = weir_put_text(to, "\r\n");
	return to - start;
}
