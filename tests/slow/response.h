/* SPDX-License-Identifier: GPL-2.0-only */
/* Response heads, slowly. */
#ifndef WEIR_TESTS_SLOW_RESPONSE_H
#define WEIR_TESTS_SLOW_RESPONSE_H

#include <stdlib.h>

#include "slow/head.h"
#include "sniff/response.h"

/* Is it valid, how is its body framed, and may the connection be used again? */
static inline bool slow_response_read(const char *head, bool is_to_head,
				      enum weir_framing *ret_framing, bool *ret_keeps_alive)
{
	char value[512];
	bool is_old = head[7] == '0', has_none;
	int status, lengths, codings;

	if (!slow_lines(head) || (strncmp(head, "HTTP/1.1 ", 9) && strncmp(head, "HTTP/1.0 ", 9)))
		return false;
	if (strspn(head + 9, "0123456789") != 3 || !strchr(" \r", head[12]))
		return false;
	status = (int)strtol(head + 9, NULL, 10);
	if (status < 100 || status > 599)
		return false;
	lengths = count_fields(head, "content-length", value);
	if (lengths > 1 || (lengths && (!*value || strspn(value, "0123456789") != strlen(value))))
		return false;
	*ret_framing = !lengths                    ? WEIR_FRAMED_CLOSE
		       : strtoull(value, NULL, 10) ? WEIR_FRAMED_LENGTH
						   : WEIR_FRAMED_EMPTY;
	codings = count_fields(head, "transfer-encoding", value);
	if (codings > 1 || (codings && (lengths || is_old || strcasecmp(value, "chunked"))))
		return false;
	has_none = status < 200 || status == 204 || status == 304 || is_to_head;
	if (has_none)
		*ret_framing = WEIR_FRAMED_EMPTY;
	else if (codings)
		*ret_framing = WEIR_FRAMED_CHUNKED;
	count_fields(head, "connection", value);
	*ret_keeps_alive = *ret_framing != WEIR_FRAMED_CLOSE &&
			   (count_fields(head, "connection", value)
				    ? !strcasecmp(value, "keep-alive")
				    : !is_old);
	return true;
}

#endif
