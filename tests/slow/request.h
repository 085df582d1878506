/* SPDX-License-Identifier: GPL-2.0-only */
/* Request heads, slowly. */
#ifndef WEIR_TESTS_SLOW_REQUEST_H
#define WEIR_TESTS_SLOW_REQUEST_H

#include <stdlib.h>

#include "slow/head.h"
#include "sniff/request.h"

/*
 * The slow reader: the head as a string, each rule a search over all of it. Says whether it is
 * valid and which framing it has; not why it is refused.
 */
/* Names and addresses alike, with or without a port. */
#define SLOW_LENGTH_MAX 1000000000000000000ULL /* from here on they refuse a Content-Length */

static inline bool slow_host(const char *value)
{
	size_t size = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.");

	if (value[size] == ':' &&
	    strspn(value + size + 1, "0123456789") != strlen(value + size + 1))
		return false;
	if ((value[size] && value[size] != ':') || strstr(value, ".."))
		return false;
	return size && value[0] != '.';
}

static inline bool slow_request_read(const char *head, enum weir_framing *ret_framing)
{
	char value[512], method[512], target[512], version[512], rest[512];
	int hosts, codings, lengths;

	if (!slow_lines(head) ||
	    sscanf(head, "%400[^ \t\r\n] %400[^ \t\r\n] %400[^ \t\r\n]%2[\r\n]", method, target,
		   version, rest) != 4 ||
	    line_end(head) != head + strlen(method) + strlen(target) + strlen(version) + 2 ||
	    (strcmp(version, "HTTP/1.1") && strcmp(version, "HTTP/1.0")) ||
	    head[strlen(method)] != ' ' || line_end(head)[-9] != ' ' ||
	    !is_token(method, method + strlen(method)) || strlen(method) > 32 || *target != '/' ||
	    strpbrk(target, "#\t") || !strcmp(method, "CONNECT"))
		return false;
	for (const char *c = target; *c; c++)
		if ((__u8)*c > 126)
			return false;
	hosts = count_fields(head, "host", value);
	if (hosts > 1 || (hosts && !slow_host(value)) || (!hosts && version[7] == '1'))
		return false;
	lengths = count_fields(head, "content-length", value);
	if (lengths > 1 || (lengths && (!*value || strspn(value, "0123456789") != strlen(value) ||
					strlen(value + strspn(value, "0")) > 18)))
		return false;
	*ret_framing = lengths && strtoull(value, NULL, 10) ? WEIR_FRAMED_LENGTH
							    : WEIR_FRAMED_EMPTY;
	codings = count_fields(head, "transfer-encoding", value);
	if (codings > 1 ||
	    (codings && (lengths || strcasecmp(value, "chunked") || version[7] == '0')))
		return false;
	if (codings)
		*ret_framing = WEIR_FRAMED_CHUNKED;
	return true;
}

#endif
