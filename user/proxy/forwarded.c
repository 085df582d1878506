/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the container is told about the client: X-Forwarded-*, X-Real-Ip, X-Request-Start.
 *
 * A trusted front end's word is taken where it says one thing in the form that is usual, and the
 * front end's own address goes behind what it says in X-Forwarded-For. Everybody else's is not
 * looked at. What is no address, protocol, port or time is replaced, whoever sent it.
 */
#include <string.h>

#include "proxy/put.h"
#include "proxy/rewrite.h"

enum { ADDRESS_MAX = 45 /* IPv6 with IPv4 in it */, PORT_MAX = 5, START_MAX = 24 };

struct lines {
	const char *head;
	__u32 at, to; /* the header lines, without the empty one */
};

static struct lines lines_of(const struct weir_request *request, const char *head)
{
	return (struct lines){head, request->headers, request->size - 2};
}

/* The next value of the field of this lower-case name. */
static bool next_value(struct lines *lines, const char *name, struct weir_span *ret_value)
{
	while (lines->at < lines->to) {
		const char *line = lines->head + lines->at;
		const char *end = memchr(line, '\n', lines->to - lines->at);
		struct weir_field field;

		weir_field_parse(lines->head, (struct weir_span){lines->at, end - 1 - line},
				 &field);
		lines->at = end + 1 - lines->head;
		if (weir_span_is(lines->head, field.name, name)) {
			*ret_value = field.value;
			return true;
		}
	}
	return false;
}

/* The value of a field that is there once; an empty span if it is not. */
static struct weir_span only_value(struct lines lines, const char *name)
{
	struct weir_span value = {0}, another;

	if (!next_value(&lines, name, &value) || next_value(&lines, name, &another))
		return (struct weir_span){0};
	return value;
}

/* Is it short, and of these characters only? */
static bool is_of(const char *head, struct weir_span span, size_t max, const char *characters)
{
	if (!span.size || span.size > max)
		return false;
	for (__u32 i = 0; i < span.size; i++)
		if (!head[span.at + i] || !strchr(characters, head[span.at + i]))
			return false;
	return true;
}

static bool is_address(const char *head, struct weir_span span)
{
	return is_of(head, span, ADDRESS_MAX, "0123456789abcdefABCDEF:.");
}

/* The believed value, or ours. */
static char *put_field(char *to, const char *name, const char *head, struct weir_span believed,
		       const char *ours)
{
	to = weir_put_text(weir_put_text(to, name), ": ");
	to = believed.size ? weir_put_span(to, head, believed) : weir_put_text(to, ours);
	return weir_put_text(to, "\r\n");
}

/* What the front end says and behind it the front end: whom it says last is its own client. */
static char *put_chain(char *to, struct lines lines, const char *ours, struct weir_span *ret_last)
{
	struct weir_span value, element;

	to = weir_put_text(to, "X-Forwarded-For: ");
	while (next_value(&lines, "x-forwarded-for", &value)) {
		if (!value.size)
			continue;
		to = weir_put_text(weir_put_span(to, lines.head, value), ", ");
		while (weir_list_next(lines.head, &value, &element))
			*ret_last = element;
	}
	return weir_put_text(weir_put_text(to, ours), "\r\n");
}

static char *put_believed(char *to, struct lines lines, const char *address, const char *port,
			  const char *start)
{
	const char *head = lines.head;
	struct weir_span none = {0}, last = none;
	struct weir_span proto = only_value(lines, "x-forwarded-proto");
	struct weir_span from = only_value(lines, "x-forwarded-port");
	struct weir_span real = only_value(lines, "x-real-ip");
	struct weir_span began = only_value(lines, "x-request-start");

	if (!weir_span_is(head, proto, "http") && !weir_span_is(head, proto, "https"))
		proto = none;
	to = put_chain(to, lines, address, &last);
	to = put_field(to, "X-Forwarded-Proto", head, proto, "http");
	to = put_field(to, "X-Forwarded-Port", head,
		       is_of(head, from, PORT_MAX, "0123456789") ? from : none, port);
	to = put_field(to, "X-Real-Ip", head,
		       is_address(head, real)   ? real
		       : is_address(head, last) ? last
						: none,
		       address);
	return put_field(to, "X-Request-Start", head,
			 is_of(head, began, START_MAX, "t=.0123456789") ? began : none, start);
}

static void write_start(char *to, __u64 wall_ms)
{
	__u64 ms = wall_ms % 1000;

	to = weir_put_number(weir_put_text(to, "t="), wall_ms / 1000);
	to = weir_put_text(to, ms < 10 ? ".00" : ms < 100 ? ".0" : ".");
	*weir_put_number(to, ms) = '\0';
}

char *weir_forwarded_put(const struct weir_request *request, const char *head,
			 const struct weir_rewrite_client *client, char *to)
{
	char address[16], port[6], start[32];

	*weir_put_address(address, client->address) = '\0';
	*weir_put_number(port, ntohs(client->local_port)) = '\0';
	write_start(start, client->wall_ms);
	if (client->is_trusted)
		return put_believed(to, lines_of(request, head), address, port, start);
	to = weir_put_text(weir_put_text(to, "X-Forwarded-For: "), address);
	to = weir_put_text(to, "\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: ");
	to = weir_put_text(weir_put_text(to, port), "\r\nX-Real-Ip: ");
	to = weir_put_text(weir_put_text(to, address), "\r\nX-Request-Start: ");
	return weir_put_text(weir_put_text(to, start), "\r\n");
}
