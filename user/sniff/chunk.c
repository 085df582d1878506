/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The chunked coding: framing bytes -> runs of data, the end, or why it is refused.
 *
 *   SIZE hex digits -> [EXTENSION] -> SIZE_LF -> data ... -> DATA_CR -> DATA_LF -> SIZE
 *   size 0: LINE (of the trailer section): NAME ':' VALUE ... | CR -> END_LF
 *
 * The data itself never passes through here, so that it can be spliced. Framing is forwarded as it
 * came, therefore nothing may be let through that another reader could end elsewhere: no white
 * space around a size, no bare CR or LF, no trailer that frames, routes or speaks for the proxy.
 */
#include <string.h>

#include "sniff/chars.h"
#include "sniff/chunk.h"

enum state {
	SIZE,      /* hex digits */
	EXTENSION, /* after `;`, up to CR */
	SIZE_LF,   /* after the size line's CR */
	DATA_CR,   /* after the data */
	DATA_LF,
	LINE,     /* the start of a trailer line, or of the last, empty one */
	NAME,     /* within a trailer's name */
	VALUE,    /* within its value */
	VALUE_LF, /* after its CR */
	END_LF,   /* after the last line's CR */
	END,      /* complete */
};

void weir_chunk_init(struct weir_chunk *chunk)
{
	memset(chunk, 0, sizeof(*chunk));
}

static bool refuse(struct weir_chunk *chunk, enum weir_ending ending)
{
	chunk->ending = ending;
	return false;
}

static bool go(struct weir_chunk *chunk, enum state state)
{
	chunk->state = state;
	return true;
}

static bool feed_size(struct weir_chunk *chunk, char c)
{
	if (weir_char_is(c, WEIR_CHAR_HEX)) {
		__u8 digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;

		/* 15 digits cannot wrap; more of them are no size that anyone sends. */
		if (++chunk->digits > 15)
			return refuse(chunk, WEIR_END_CHUNK);
		chunk->size = chunk->size << 4 | digit;
		return true;
	}
	if (!chunk->digits)
		return refuse(chunk, WEIR_END_CHUNK);
	chunk->line = chunk->digits;
	return c == '\r'  ? go(chunk, SIZE_LF)
	       : c == ';' ? go(chunk, EXTENSION)
			  : refuse(chunk, WEIR_END_CHUNK);
}

static bool feed_extension(struct weir_chunk *chunk, char c)
{
	if (c == '\r')
		return go(chunk, SIZE_LF);
	if (!weir_char_is(c, WEIR_CHAR_VALUE) || ++chunk->line > WEIR_CHUNK_LINE_MAX ||
	    ++chunk->extensions > WEIR_CHUNK_EXTENSIONS_MAX)
		return refuse(chunk, WEIR_END_CHUNK);
	return true;
}

static bool is_one_of(const struct weir_chunk *chunk, const char *const *names)
{
	for (; *names; names++)
		if (weir_text_is(chunk->name, chunk->name_size, *names))
			return true;
	return false;
}

static bool is_refused_trailer(const struct weir_chunk *chunk)
{
	static const char *const framing[] = {"content-length",
					      "transfer-encoding",
					      "host",
					      "connection",
					      "content-encoding",
					      "trailer",
					      "expect",
					      "upgrade",
					      "authorization",
					      NULL};
	static const char *const proxy[] = {"forwarded", "x-request-id", "x-request-start",
					    "x-real-ip", NULL};
	static const char prefix[] = "x-forwarded-";

	if (is_one_of(chunk, framing))
		return true;
	if (chunk->is_response)
		return false;
	return is_one_of(chunk, proxy) ||
	       (chunk->name_size >= strlen(prefix) && !memcmp(chunk->name, prefix, strlen(prefix)));
}

static bool feed_name(struct weir_chunk *chunk, char c)
{
	if (c == ':' && chunk->name_size && !is_refused_trailer(chunk))
		return go(chunk, VALUE);
	if (!weir_char_is(c, WEIR_CHAR_TOKEN))
		return refuse(chunk, WEIR_END_TRAILER);
	/*
	 * A longer name is none of those refused: one byte more than they have is enough. CGI and its
	 * heirs fold `-` and `_`.
	 */
	if (chunk->name_size < sizeof(chunk->name))
		chunk->name[chunk->name_size++] = c == '_' ? '-' : weir_lower(c);
	return true;
}

static bool feed_trailer(struct weir_chunk *chunk, char c)
{
	if (++chunk->trailers > WEIR_TRAILERS_MAX)
		return refuse(chunk, WEIR_END_TRAILER);
	switch ((enum state)chunk->state) {
	case LINE:
		if (c == '\r')
			return go(chunk, END_LF);
		chunk->name_size = 0;
		chunk->state = NAME;
		return feed_name(chunk, c);
	case NAME:
		return feed_name(chunk, c);
	case VALUE:
		if (c == '\r')
			return go(chunk, VALUE_LF);
		return weir_char_is(c, WEIR_CHAR_VALUE) || refuse(chunk, WEIR_END_TRAILER);
	case VALUE_LF:
		return c == '\n' ? go(chunk, LINE) : refuse(chunk, WEIR_END_TRAILER);
	default:
		return c == '\n' ? go(chunk, END) : refuse(chunk, WEIR_END_TRAILER);
	}
}

/* The size line is whole. */
static bool end_size(struct weir_chunk *chunk, char c)
{
	if (c != '\n')
		return refuse(chunk, WEIR_END_CHUNK);
	chunk->digits = 0;
	chunk->data_left = chunk->size;
	chunk->size = 0;
	return go(chunk, chunk->data_left ? DATA_CR : LINE);
}

static bool feed_byte(struct weir_chunk *chunk, char c)
{
	switch ((enum state)chunk->state) {
	case SIZE:
		return feed_size(chunk, c);
	case EXTENSION:
		return feed_extension(chunk, c);
	case SIZE_LF:
		return end_size(chunk, c);
	case DATA_CR:
		return c == '\r' ? go(chunk, DATA_LF) : refuse(chunk, WEIR_END_CHUNK);
	case DATA_LF:
		return c == '\n' ? go(chunk, SIZE) : refuse(chunk, WEIR_END_CHUNK);
	default:
		return feed_trailer(chunk, c);
	}
}

enum weir_chunk_step weir_chunk_feed(struct weir_chunk *chunk, const void *data, size_t size,
				     size_t *ret_used)
{
	const char *bytes = data;
	size_t used = 0;

	while (used < size && chunk->state != END) {
		if (!feed_byte(chunk, bytes[used++]))
			return WEIR_CHUNK_BAD;
		if (chunk->state == DATA_CR && chunk->data_left)
			break;
	}
	*ret_used = used;
	if (chunk->state == END)
		return WEIR_CHUNK_DONE;
	return chunk->state == DATA_CR && chunk->data_left ? WEIR_CHUNK_DATA : WEIR_CHUNK_MORE;
}
