/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A host name of a routes file -> the form that routes are keyed by, or what is wrong and where.
 *
 * Names beyond ASCII must be written as A-labels (xn--..., RFC 5890), since that is what a
 * ClientHello and a Host header carry. A name whose last label is a number is an address for
 * every client and could never match.
 */
#include "config/host.h"

#include <errno.h>
#include <stdbool.h>

struct parse {
	const char *text;
	size_t size;
	char *host;
	size_t at; /* where it went wrong */
	const char *why;
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
	if (parse->text[start] == '-')
		return refuse(parse, start, "has a label that begins with a hyphen");
	if (parse->text[end - 1] == '-')
		return refuse(parse, end - 1, "has a label that ends with a hyphen");
	return true;
}

static bool is_number(const char *label, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (label[i] < '0' || label[i] > '9')
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
	if (is_number(parse->text + start, size - start))
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
	return -EINVAL;
}
