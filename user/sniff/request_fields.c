/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fields of a request: which of them matter here, and what do they say together?
 *
 * A field that frames, routes or upgrades the message is taken when its line is whole, and refused
 * there if it is wrong; all others only travel. Once the empty line has come the fields are judged
 * together: one framing, one host, and an upgrade only where it can be granted.
 */
#include "sniff/request_fields.h"

#include "sniff/chars.h"
#include "sniff/target.h"

static enum weir_ending take_host(struct weir_request *request, const char *head,
				  struct weir_span value)
{
	(void)head;
	if (request->has_host)
		return WEIR_END_HOST_DUPLICATE;
	request->has_host = true;
	request->host = value;
	return WEIR_END_NONE;
}

static enum weir_ending take_expect(struct weir_request *request, const char *head,
				    struct weir_span value)
{
	(void)request;
	return weir_span_is(head, value, "100-continue") ? WEIR_END_NONE : WEIR_END_EXPECTATION;
}

/* An error page is JSON for who asks for JSON and does not name HTML first. */
static enum weir_ending take_accept(struct weir_request *request, const char *head,
				    struct weir_span value)
{
	struct weir_span type;

	while (weir_list_next(head, &value, &type)) {
		if (weir_text_begins(head + type.at, type.size, "text/html"))
			break;
		if (weir_text_begins(head + type.at, type.size, "application/json")) {
			request->wants_json = true;
			break;
		}
	}
	return WEIR_END_NONE;
}

static enum weir_ending take_upgrade(struct weir_request *request, const char *head,
				     struct weir_span value)
{
	struct weir_span rest = value, protocol;

	/* HTTP after an upgrade would carry requests that nothing here judges. */
	while (weir_list_next(head, &rest, &protocol))
		request->is_http |= weir_text_begins(head + protocol.at, protocol.size, "h2") ||
				    weir_text_begins(head + protocol.at, protocol.size, "http");
	request->is_http |= request->upgrade.size > 0;
	request->upgrade = value;
	return WEIR_END_NONE;
}

static enum weir_ending take_request_id(struct weir_request *request, const char *head,
					struct weir_span value)
{
	(void)head;
	request->request_id = value;
	return WEIR_END_NONE;
}

static enum weir_ending take_length(struct weir_request *request, const char *head,
				    struct weir_span value)
{
	return weir_framing_length(head, value, &request->fields);
}

static enum weir_ending take_coding(struct weir_request *request, const char *head,
				    struct weir_span value)
{
	return weir_framing_coding(head, value, &request->fields);
}

static enum weir_ending take_connection(struct weir_request *request, const char *head,
					struct weir_span value)
{
	return weir_framing_connection(head, value, &request->fields);
}

static const struct taker {
	struct weir_word name;
	enum weir_ending (*take)(struct weir_request *request, const char *head,
				 struct weir_span value);
} takers[] = {
	{WEIR_WORD("host"), take_host},
	{WEIR_WORD("accept"), take_accept},
	{WEIR_WORD("expect"), take_expect},
	{WEIR_WORD("upgrade"), take_upgrade},
	{WEIR_WORD("connection"), take_connection},
	{WEIR_WORD("x-request-id"), take_request_id},
	{WEIR_WORD("content-length"), take_length},
	{WEIR_WORD("transfer-encoding"), take_coding},
};

enum weir_ending weir_request_take_line(struct weir_request *request, const char *head,
					struct weir_span line)
{
	struct weir_field field;
	enum weir_ending ending = weir_field_parse(head, line, &field);

	if (ending)
		return ending;
	if (request->lines.line - request->headers > WEIR_HEADERS_MAX)
		return WEIR_END_HEADERS_TOO_LONG;
	for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++)
		if (weir_word_is(&takers[i].name, head + field.name.at, field.name.size))
			return takers[i].take(request, head, field.value);
	return WEIR_END_NONE;
}

static enum weir_ending settle_framing(struct weir_request *request)
{
	const struct weir_framing_fields *fields = &request->fields;

	if (fields->is_chunked && fields->has_length)
		return WEIR_END_LENGTH_CONFLICT;
	if (fields->is_chunked && !request->minor)
		return WEIR_END_TRANSFER_ENCODING;
	request->framing = fields->is_chunked           ? WEIR_FRAMED_CHUNKED
			   : fields->content_length > 0 ? WEIR_FRAMED_LENGTH
							: WEIR_FRAMED_EMPTY;
	return WEIR_END_NONE;
}

enum weir_ending weir_request_settle(struct weir_request *request, const char *head)
{
	enum weir_ending ending = settle_framing(request);

	if (ending)
		return ending;
	request->size = request->lines.line;
	request->keeps_alive = request->minor
				       ? !request->fields.closes
				       : request->fields.keeps_alive && !request->fields.closes;
	/* An upgrade after a body would have to wait for it: such a request is served as it is. */
	request->upgrades = request->minor && request->fields.upgrades && request->upgrade.size &&
			    !request->is_http && request->framing == WEIR_FRAMED_EMPTY;
	return weir_target_settle(request, head, request->host);
}
