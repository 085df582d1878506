/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The response head: bytes -> status, framing, whether the connection may be used again, or
 * that it must not reach the client.
 *
 * As strict as for requests: a response that two readers would end at different bytes lets one
 * client's answer become another's.
 */
#include <string.h>

#include "sniff/chars.h"
#include "sniff/response.h"

void weir_response_init(struct weir_response *response, bool is_to_head)
{
	memset(response, 0, sizeof(*response));
	response->is_to_head = is_to_head;
}

/* `HTTP/1.x SP status [SP reason]`; the space before an empty reason is often left out. */
static enum weir_ending parse_status_line(struct weir_response *response, const char *head,
					  struct weir_span line)
{
	const char *text = head + line.at, *end = text + line.size;

	if (line.size < 12 || memcmp(text, "HTTP/1.", 7) || (text[7] != '0' && text[7] != '1') ||
	    text[8] != ' ' || weir_chars_end(text + 9, text + 12, WEIR_CHAR_DIGIT) != text + 12 ||
	    (line.size > 12 && text[12] != ' ') ||
	    weir_chars_end(text, end, WEIR_CHAR_VALUE) != end)
		return WEIR_END_RESPONSE_HEAD;
	response->minor = text[7] - '0';
	response->status = (text[9] - '0') * 100 + (text[10] - '0') * 10 + (text[11] - '0');
	response->status_line = line;
	if (response->status < 100 || response->status > 599)
		return WEIR_END_RESPONSE_HEAD;
	return WEIR_END_NONE;
}

static enum weir_ending take_line(struct weir_response *response, const char *head,
				  struct weir_span line)
{
	struct weir_field field;
	enum weir_ending ending = weir_field_parse(head, line, &field);

	if (ending)
		return WEIR_END_RESPONSE_HEAD;
	if (weir_span_is(head, field.name, "content-length"))
		ending = weir_framing_length(head, field.value, &response->fields);
	else if (weir_span_is(head, field.name, "transfer-encoding"))
		ending = weir_framing_coding(head, field.value, &response->fields);
	else if (weir_span_is(head, field.name, "connection"))
		ending = weir_framing_connection(head, field.value, &response->fields);
	return ending ? WEIR_END_RESPONSE_LENGTH : WEIR_END_NONE;
}

/* RFC 9112, section 6.3, in its order. */
static enum weir_ending settle(struct weir_response *response)
{
	const struct weir_framing_fields *fields = &response->fields;
	__u16 status = response->status;

	response->size = response->lines.line;
	if (fields->is_chunked && (fields->has_length || !response->minor))
		return WEIR_END_RESPONSE_LENGTH;
	if (status < 200 || status == 204 || status == 304 || response->is_to_head)
		response->framing = WEIR_FRAMED_EMPTY;
	else if (fields->is_chunked)
		response->framing = WEIR_FRAMED_CHUNKED;
	else if (fields->has_length)
		response->framing = fields->content_length ? WEIR_FRAMED_LENGTH : WEIR_FRAMED_EMPTY;
	else
		response->framing = WEIR_FRAMED_CLOSE;
	response->keeps_alive = response->framing != WEIR_FRAMED_CLOSE && !fields->closes &&
				(response->minor || fields->keeps_alive);
	return WEIR_END_NONE;
}

enum weir_sniff weir_response_feed(struct weir_response *response, const char *head, size_t size)
{
	for (;;) {
		struct weir_span line;
		enum weir_sniff sniff = weir_head_line(
			&response->lines, head, size, WEIR_RESPONSE_HEAD_MAX,
			WEIR_END_RESPONSE_TOO_LONG, &line, &response->ending);

		if (sniff != WEIR_BAD && response->lines.scanned > WEIR_RESPONSE_HEAD_MAX) {
			response->ending = WEIR_END_RESPONSE_TOO_LONG;
			return WEIR_BAD;
		}
		if (sniff == WEIR_BAD && response->ending == WEIR_END_LINE_ENDING)
			response->ending = WEIR_END_RESPONSE_HEAD;
		if (sniff != WEIR_DONE)
			return sniff;
		if (!response->headers) {
			response->ending = parse_status_line(response, head, line);
			response->headers = response->lines.line;
			line.size = 1;
		} else {
			response->ending = line.size ? take_line(response, head, line)
						     : settle(response);
		}
		if (response->ending)
			return WEIR_BAD;
		if (!line.size)
			return WEIR_DONE;
	}
}
