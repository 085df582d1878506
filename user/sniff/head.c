/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines, fields and the fields that frame a message: bytes of a head -> spans and numbers.
 *
 * Strict where leniency would let two readers of the same bytes disagree: a line ends in CR LF and
 * in nothing else, a field name is followed by its colon, a length is digits, a coding is
 * `chunked`. What peers accept beyond that is what request smuggling is made of.
 */
#include <string.h>

#include "sniff/chars.h"
#include "sniff/head.h"

enum weir_sniff weir_head_line(struct weir_head_lines *lines, const char *head, size_t size,
			       size_t max, enum weir_ending too_long, struct weir_span *ret_line,
			       enum weir_ending *ret_ending)
{
	const char *lf = memchr(head + lines->scanned, '\n', size - lines->scanned);
	__u32 end = lf ? (__u32)(lf - head) : (__u32)size;

	lines->scanned = end;
	/* Without its LF, the last byte may still be the CR. */
	if (end - lines->line > max + 1) {
		*ret_ending = too_long;
		return WEIR_BAD;
	}
	if (!lf)
		return WEIR_MORE;
	if (end == lines->line || head[end - 1] != '\r') {
		*ret_ending = WEIR_END_LINE_ENDING;
		return WEIR_BAD;
	}
	*ret_line = (struct weir_span){lines->line, end - 1 - lines->line};
	lines->line = lines->scanned = end + 1;
	return WEIR_DONE;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct weir_span trim(const char *head, struct weir_span span)
{
	while (span.size && is_blank(head[span.at]))
		span.at++, span.size--;
	while (span.size && is_blank(head[span.at + span.size - 1]))
		span.size--;
	return span;
}

enum weir_ending weir_field_parse(const char *head, struct weir_span line,
				  struct weir_field *ret_field)
{
	const char *start = head + line.at, *end = start + line.size;
	const char *colon = weir_chars_end(start, end, WEIR_CHAR_TOKEN);
	const char *value_end;

	if (colon == start || colon == end || *colon != ':')
		return WEIR_END_HEADER;
	value_end = weir_value_end(colon + 1, end);
	if (value_end != end)
		return *value_end == '\r' ? WEIR_END_LINE_ENDING : WEIR_END_HEADER;
	ret_field->name = (struct weir_span){line.at, colon - start};
	ret_field->value = trim(head, (struct weir_span){colon + 1 - head, end - colon - 1});
	return WEIR_END_NONE;
}

bool weir_span_is(const char *head, struct weir_span span, const char *lower)
{
	return weir_text_is(head + span.at, span.size, lower);
}

bool weir_list_next(const char *head, struct weir_span *list, struct weir_span *ret_element)
{
	const char *comma;
	__u32 size;

	if (!list->size)
		return false;
	comma = memchr(head + list->at, ',', list->size);
	size = comma ? comma - head - list->at : list->size;
	*ret_element = trim(head, (struct weir_span){list->at, size});
	list->at += size + !!comma;
	list->size -= size + !!comma;
	return true;
}

enum weir_ending weir_framing_length(const char *head, struct weir_span value,
				     struct weir_framing_fields *framing)
{
	__u64 length = 0;

	if (framing->has_length)
		return WEIR_END_CONTENT_LENGTH_DUPLICATE;
	if (!value.size)
		return WEIR_END_CONTENT_LENGTH;
	for (__u32 i = 0; i < value.size; i++) {
		char c = head[value.at + i];

		if (!weir_char_is(c, WEIR_CHAR_DIGIT) ||
		    __builtin_mul_overflow(length, 10, &length) ||
		    __builtin_add_overflow(length, c - '0', &length))
			return WEIR_END_CONTENT_LENGTH;
	}
	/* Half the range is a length that no sum with a byte count can wrap. */
	if (length >> 63)
		return WEIR_END_CONTENT_LENGTH;
	framing->content_length = length;
	framing->has_length = true;
	return WEIR_END_NONE;
}

static bool is_known_coding(const char *head, struct weir_span coding)
{
	static const char *const known[] = {"gzip",     "x-gzip",     "deflate",
					    "compress", "x-compress", "identity"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (weir_span_is(head, coding, known[i]))
			return true;
	return false;
}

enum weir_ending weir_framing_coding(const char *head, struct weir_span value,
				     struct weir_framing_fields *framing)
{
	struct weir_span rest = value, coding;
	int known = 0;

	if (framing->is_chunked)
		return WEIR_END_TRANSFER_ENCODING;
	framing->is_chunked = true;
	/* A tab is legal white space that some readers take for part of the name. */
	if (value.at && head[value.at - 1] == '\t')
		return WEIR_END_TRANSFER_ENCODING;
	if (weir_span_is(head, value, "chunked"))
		return WEIR_END_NONE;
	while (weir_list_next(head, &rest, &coding) && rest.size && is_known_coding(head, coding))
		known++;
	return known && !rest.size && weir_span_is(head, coding, "chunked")
		       ? WEIR_END_TRANSFER_CODING
		       : WEIR_END_TRANSFER_ENCODING;
}

static bool is_framing_name(const char *head, struct weir_span name)
{
	static const char *const names[] = {"host",    "content-length", "transfer-encoding",
					    "trailer", "expect",         "content-range"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (weir_span_is(head, name, names[i]))
			return true;
	return false;
}

enum weir_ending weir_framing_connection(const char *head, struct weir_span value,
					 struct weir_framing_fields *framing)
{
	struct weir_span option;

	while (weir_list_next(head, &value, &option)) {
		const char *start = head + option.at, *end = start + option.size;

		if (weir_chars_end(start, end, WEIR_CHAR_TOKEN) != end)
			return WEIR_END_HEADER;
		if (weir_span_is(head, option, "close"))
			framing->closes = true;
		else if (weir_span_is(head, option, "keep-alive"))
			framing->keeps_alive = true;
		else if (weir_span_is(head, option, "upgrade"))
			framing->upgrades = true;
		else if (is_framing_name(head, option) ||
			 (option.size && framing->nominated_count == WEIR_NOMINATED_MAX))
			return WEIR_END_CONNECTION_OPTION;
		else if (option.size)
			framing->nominated[framing->nominated_count++] = option;
	}
	return WEIR_END_NONE;
}
