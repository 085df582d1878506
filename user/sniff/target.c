/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The request target and Host: spans of a head -> the routed name, the forwarded target.
 *
 * RFC 9112 lets an absolute target override Host. Here both must agree: a container that reads the
 * other one would serve another host than the one that was routed.
 */
#include <errno.h>
#include <string.h>

#include "sniff/chars.h"
#include "sniff/target.h"

static enum weir_ending parse_absolute(struct weir_request *request, const char *head)
{
	const char *target = head + request->target.at;
	const char *end = target + request->target.size;
	const char *authority = target + strlen("http://"), *path = authority;

	if (weir_text_begins(target, end - target, "https://"))
		return WEIR_END_MISDIRECTED;
	if (!weir_text_begins(target, end - target, "http://"))
		return WEIR_END_TARGET;
	while (path < end && *path != '/' && *path != '?')
		path++;
	/* A path that starts with `?` would need a `/` put in front of it: no client sends one. */
	if (path == authority || (path < end && *path == '?'))
		return WEIR_END_TARGET;
	request->has_absolute = true;
	request->authority = (struct weir_span){authority - head, path - authority};
	request->target = (struct weir_span){path - head, end - path};
	return WEIR_END_NONE;
}

enum weir_ending weir_target_parse(struct weir_request *request, const char *head)
{
	const char *target = head + request->target.at;

	if (request->method.size == 7 && !memcmp(head + request->method.at, "CONNECT", 7))
		return WEIR_END_METHOD;
	if (*target == '/')
		return WEIR_END_NONE;
	if (*target == '*' && request->target.size == 1)
		return request->method.size == 7 && !memcmp(head + request->method.at, "OPTIONS", 7)
			       ? WEIR_END_NONE
			       : WEIR_END_TARGET;
	return parse_absolute(request, head);
}

/* The part of `host[:port]` that names the host; size 0 when the value is not of that form. */
static struct weir_span host_of(const char *head, struct weir_span value)
{
	const char *start = head + value.at, *end = start + value.size, *colon = start;
	const char *port;

	if (value.size && *start == '[') {
		colon = memchr(start, ']', value.size);
		colon = colon ? colon + 1 : end;
	} else {
		while (colon < end && *colon != ':')
			colon++;
	}
	if (colon < end) {
		port = weir_chars_end(colon + 1, end, WEIR_CHAR_DIGIT);
		if (*colon != ':' || port != end || end - colon > 6)
			return (struct weir_span){value.at, 0};
	}
	return (struct weir_span){value.at, colon - start};
}

/* `[2001:db8::1]`: an address, which no route can name. */
static bool is_ipv6_literal(const char *text, size_t size)
{
	if (size < 4 || text[0] != '[' || text[size - 1] != ']')
		return false;
	for (size_t i = 1; i < size - 1; i++)
		if (!weir_char_is(text[i], WEIR_CHAR_HEX) && text[i] != ':' && text[i] != '.')
			return false;
	return true;
}

/* Returns the length of the normalised name, 0 for an address, negative when invalid. */
static int normalise(const char *head, struct weir_span value,
		     char ret_name[static WEIR_NAME_MAX + 1])
{
	struct weir_span host = host_of(head, value);
	int size;

	if (is_ipv6_literal(head + host.at, host.size))
		return 0;
	size = weir_name_normalise(head + host.at, host.size, ret_name);
	return size == -EADDRNOTAVAIL ? 0 : size;
}

enum weir_ending weir_target_settle(struct weir_request *request, const char *head,
				    struct weir_span host)
{
	char absolute[WEIR_NAME_MAX + 1];
	int size = 0, absolute_size;

	request->name_size = 0;
	if (!request->has_host && request->minor)
		return WEIR_END_HOST_MISSING;
	if (request->has_host) {
		size = normalise(head, host, request->name);
		if (size < 0)
			return WEIR_END_HOST;
		request->name_size = size;
	}
	if (!request->has_absolute) {
		request->authority = host;
		return WEIR_END_NONE;
	}
	absolute_size = normalise(head, request->authority, absolute);
	if (absolute_size < 0)
		return WEIR_END_TARGET;
	/* Two addresses are compared as written: they have no normal form here. */
	if (request->has_host &&
	    (absolute_size != size || memcmp(absolute, request->name, size) ||
	     (!size && (host.size != request->authority.size ||
			memcmp(head + host.at, head + request->authority.at, host.size)))))
		return WEIR_END_TARGET_HOST;
	memcpy(request->name, absolute, absolute_size);
	request->name_size = absolute_size;
	if (request->has_host)
		request->authority = host;
	return WEIR_END_NONE;
}
