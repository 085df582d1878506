/* SPDX-License-Identifier: GPL-2.0-only */
/* Classes of bytes in HTTP and host names, one table look-up each. */
#ifndef WEIR_SNIFF_CHARS_H
#define WEIR_SNIFF_CHARS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

enum weir_char {
	WEIR_CHAR_TOKEN = 1 << 0,  /* RFC 9110, section 5.6.2: method and field names */
	WEIR_CHAR_VALUE = 1 << 1,  /* field values: HTAB, SP, VCHAR, obs-text */
	WEIR_CHAR_TARGET = 1 << 2, /* VCHAR without `#`: what stands in a request target */
	WEIR_CHAR_NAME = 1 << 3,   /* a label of a host name */
	WEIR_CHAR_DIGIT = 1 << 4,
	WEIR_CHAR_HEX = 1 << 5,
};

extern const __u8 weir_chars[256];

static inline bool weir_char_is(char c, enum weir_char class)
{
	return weir_chars[(__u8)c] & class;
}

static inline char weir_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* The first byte of [from, to) that is not of the class, or `to`. */
static inline const char *weir_chars_end(const char *from, const char *to, enum weir_char class)
{
	while (from < to && weir_char_is(*from, class))
		from++;
	return from;
}

/* Is `text` this lower-case word, in whatever case? */
bool weir_text_is(const char *text, size_t size, const char *lower);

/* Does `text` begin with this lower-case word, in whatever case? */
bool weir_text_begins(const char *text, size_t size, const char *lower);

/* A lower-case word and its size: most texts differ in that already. */
struct weir_word {
	const char *lower;
	size_t size;
};

#define WEIR_WORD(text)                                                                            \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}

static inline bool weir_word_is(const struct weir_word *word, const char *text, size_t size)
{
	return size == word->size && weir_text_is(text, size, word->lower);
}

/* As weir_chars_end for WEIR_CHAR_VALUE, eight bytes at a time. */
const char *weir_value_end(const char *from, const char *to);

#endif
