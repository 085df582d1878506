/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The request head: bytes -> method, target, host, framing, or the reason to refuse it.
 *
 * Line by line, as lines become whole, so that a bad request is refused at its first bad line and
 * not when its end arrives. The first line is read here, the others in request_fields.c. Fields are
 * read a second time when the head is rewritten for the container; what was let through needs no
 * check there.
 */
#include <string.h>

#include "sniff/chars.h"
#include "sniff/request_fields.h"
#include "sniff/target.h"

void weir_request_init(struct weir_request *request)
{
	memset(request, 0, offsetof(struct weir_request, name));
}

static enum weir_sniff refuse(struct weir_request *request, enum weir_ending ending)
{
	request->ending = ending;
	return WEIR_BAD;
}

static enum weir_ending parse_version(struct weir_request *request, const char *text, size_t size)
{
	if (size != 8 || memcmp(text, "HTTP/", 5) || !weir_char_is(text[5], WEIR_CHAR_DIGIT) ||
	    text[6] != '.' || !weir_char_is(text[7], WEIR_CHAR_DIGIT))
		return WEIR_END_REQUEST_LINE;
	if (text[5] != '1' || text[7] > '1')
		return WEIR_END_HTTP_VERSION;
	request->minor = text[7] - '0';
	return WEIR_END_NONE;
}

/* RFC 9110, section 9.2.2. An unknown method is taken for one that is not. */
static bool is_idempotent(const char *method, size_t size)
{
	static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strlen(methods[i]) == size && !memcmp(method, methods[i], size))
			return true;
	return false;
}

/* `METHOD SP target SP HTTP/1.x`, with exactly these spaces. */
static enum weir_ending parse_request_line(struct weir_request *request, const char *head,
					   struct weir_span line)
{
	const char *start = head + line.at, *end = start + line.size;
	const char *method_end = weir_chars_end(start, end, WEIR_CHAR_TOKEN);
	const char *target = method_end + 1, *target_end;
	enum weir_ending ending;

	if (method_end == start || method_end - start > WEIR_METHOD_MAX || method_end == end ||
	    *method_end != ' ')
		return WEIR_END_REQUEST_LINE;
	target_end = weir_chars_end(target, end, WEIR_CHAR_TARGET);
	if (target_end - target > WEIR_TARGET_MAX)
		return WEIR_END_TARGET_TOO_LONG;
	if (target_end == target || target_end == end || *target_end != ' ')
		return WEIR_END_REQUEST_LINE;
	ending = parse_version(request, target_end + 1, end - target_end - 1);
	if (ending)
		return ending;
	request->method = (struct weir_span){line.at, method_end - start};
	request->target = (struct weir_span){target - head, target_end - target};
	request->is_head = weir_span_is(head, request->method, "head") && *start == 'H';
	request->is_idempotent = is_idempotent(start, method_end - start);
	return weir_target_parse(request, head);
}

/* Is what has come of the first line text at all? TLS and HTTP/2 on the wrong port are not. */
static bool is_text(const char *from, const char *to)
{
	for (; from < to; from++)
		if (!weir_char_is(*from, WEIR_CHAR_VALUE) && *from != '\r')
			return false;
	return true;
}

static enum weir_sniff feed_request_line(struct weir_request *request, const char *head,
					 size_t size)
{
	__u32 seen = request->lines.scanned;
	struct weir_span line;
	enum weir_sniff sniff = weir_head_line(&request->lines, head, size,
					       WEIR_METHOD_MAX + 1 + WEIR_TARGET_MAX +
						       strlen(" HTTP/1.1"),
					       WEIR_END_TARGET_TOO_LONG, &line, &request->ending);

	if (sniff == WEIR_MORE && !is_text(head + seen, head + size))
		return refuse(request, WEIR_END_REQUEST_LINE);
	if (sniff != WEIR_DONE)
		return sniff;
	/* One empty line before a request is ignored, RFC 9112, section 2.2. */
	if (!line.size && !request->skipped_empty_line) {
		request->skipped_empty_line = true;
		return feed_request_line(request, head, size);
	}
	request->ending = parse_request_line(request, head, line);
	request->headers = request->lines.line;
	return request->ending ? WEIR_BAD : WEIR_DONE;
}

enum weir_sniff weir_request_feed(struct weir_request *request, const char *head, size_t size)
{
	struct weir_span line;

	if (!request->headers) {
		enum weir_sniff sniff = feed_request_line(request, head, size);

		if (sniff != WEIR_DONE)
			return sniff;
	}
	for (;;) {
		enum weir_sniff sniff = weir_head_line(&request->lines, head, size, WEIR_HEADER_MAX,
						       WEIR_END_HEADER_TOO_LONG, &line,
						       &request->ending);

		if (sniff == WEIR_MORE && size - request->headers > WEIR_HEADERS_MAX + 2)
			return refuse(request, WEIR_END_HEADERS_TOO_LONG);
		if (sniff != WEIR_DONE)
			return sniff;
		request->ending = line.size ? weir_request_take_line(request, head, line)
					    : weir_request_settle(request, head);
		if (request->ending)
			return WEIR_BAD;
		if (!line.size)
			return WEIR_DONE;
	}
}
