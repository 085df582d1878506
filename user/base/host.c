/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A host name -> the form that routes are keyed by, or what is wrong and where.
 *
 * Routes files, SNI and Host go through here, so that one name cannot mean two apps and none can
 * be written that would never match. What is no host name is refused and not merely not found, so
 * that it never falls to a default route. Names beyond ASCII must be written as A-labels (xn--..., RFC 5890), since that is what a
 * ClientHello and a Host header carry. A name whose last label is a number is an address for
 * every client and could never match.
 */
#include "base/host.h"

#include <errno.h>
#include <stdbool.h>

struct parse {
	const char *text;
	size_t size;
	char *host;
	size_t at; /* where it went wrong */
	const char *why;
	bool is_address;
};

static bool refuse(struct parse *parse, size_t at, const char *why)
{
	parse->at = at;
	parse->why = why;
	return false;
}

static bool byte_check(struct parse *parse, size_t i)
{
	unsigned char c = parse->text[i];

	if (c >= 0x80)
		return refuse(parse, i, "is not ASCII: write the name as A-labels, xn--...");
	if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '_')
		return true;
	if (c == ':' || c == '/')
		return refuse(parse, i, "is a URL or has a port: write the name alone");
	if (c == '*')
		return refuse(parse, i, "has a * that is not its first label, as in *.example.org");
	return refuse(parse, i, "has a character that no host name has");
}

/* One label, [start, end). */
static bool label_parse(struct parse *parse, size_t start, size_t end)
{
	if (start == end)
		return refuse(parse, start, "has an empty label");
	for (size_t i = start; i < end; i++) {
		char c = parse->text[i];

		if (!byte_check(parse, i))
			return false;
		parse->host[i] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
	}
	if (end - start > WEIR_HOST_LABEL_MAX)
		return refuse(parse, start, "has a label of more than 63 characters");
	return true;
}

/* Decimal or 0x: what resolvers and browsers take for (a part of) an address. In lower case. */
static bool is_number(const char *label, size_t size)
{
	bool is_hex = size >= 2 && label[0] == '0' && label[1] == 'x';

	for (size_t i = is_hex ? 2 : 0; i < size; i++)
		if ((label[i] < '0' || label[i] > '9') &&
		    !(is_hex && label[i] >= 'a' && label[i] <= 'f'))
			return false;
	return true;
}

static bool host_parse(struct parse *parse)
{
	size_t size = parse->size, start = 0;

	if (size && parse->text[size - 1] == '.')
		size--;
	if (!size)
		return refuse(parse, 0, "is empty");
	if (size > WEIR_HOST_MAX)
		return refuse(parse, 0, "has more than 253 characters");
	for (size_t i = 0; i < size; i++) {
		if (parse->text[i] != '.')
			continue;
		if (!label_parse(parse, start, i))
			return false;
		parse->host[i] = '.';
		start = i + 1;
	}
	if (!label_parse(parse, start, size))
		return false;
	parse->is_address = is_number(parse->host + start, size - start);
	if (parse->is_address)
		return refuse(parse, 0, "is an address, not a host name");
	parse->host[size] = '\0';
	return true;
}

int weir_host_parse(const char *text, size_t size, char ret_host[static WEIR_HOST_MAX + 1],
		    size_t *ret_at, const char **ret_why)
{
	struct parse parse = {.text = text, .size = size, .host = ret_host};

	if (host_parse(&parse))
		return 0;
	*ret_at = parse.at;
	*ret_why = parse.why;
	return parse.is_address ? -EADDRNOTAVAIL : -EINVAL;
}
