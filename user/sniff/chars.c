/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which bytes may stand where? The table of byte classes, and words compared by it.
 *
 * The table is spelt out by ranges so that it can be read against the RFCs. Header values are most of
 * a head's bytes: they are looked at eight at a time, and closer only where one might be a control.
 */
#include "sniff/chars.h"

#include <string.h>

#define T WEIR_CHAR_TOKEN
#define V WEIR_CHAR_VALUE
#define G WEIR_CHAR_TARGET
#define N WEIR_CHAR_NAME
#define D (WEIR_CHAR_DIGIT | WEIR_CHAR_HEX | WEIR_CHAR_NAME | WEIR_CHAR_TOKEN)
#define H WEIR_CHAR_HEX

/* clang-format off */
const __u8 weir_chars[256] = {
	['\t'] = V, [' '] = V,
	['!'] = T | V | G, ['"'] = V | G, ['#'] = T | V,
	['$' ... '\''] = T | V | G, ['('] = V | G, [')'] = V | G, ['*' ... '+'] = T | V | G,
	[','] = V | G, ['-'] = T | V | G | N, ['.'] = T | V | G, ['/'] = V | G,
	['0' ... '9'] = D | V | G,
	[':' ... '@'] = V | G,
	['A' ... 'F'] = T | V | G | N | H, ['G' ... 'Z'] = T | V | G | N,
	['[' ... ']'] = V | G, ['^'] = T | V | G, ['_'] = T | V | G | N, ['`'] = T | V | G,
	['a' ... 'f'] = T | V | G | N | H, ['g' ... 'z'] = T | V | G | N,
	['{'] = V | G, ['|'] = T | V | G, ['}'] = V | G, ['~'] = T | V | G,
	[0x80 ... 0xff] = V,
};
/* clang-format on */

bool weir_text_is(const char *text, size_t size, const char *lower)
{
	size_t i = 0;

	while (i < size && lower[i] && weir_lower(text[i]) == lower[i])
		i++;
	return i == size && !lower[i];
}

bool weir_text_begins(const char *text, size_t size, const char *lower)
{
	size_t length = strlen(lower);

	return size >= length && weir_text_is(text, length, lower);
}

/* Is any of eight bytes less than a space, or DEL? A tab counts: the caller looks closer. */
static bool has_control(__u64 bytes)
{
	const __u64 ones = 0x0101010101010101ULL, tops = ones << 7;
	__u64 from_del = bytes ^ ones * 0x7f;

	return (((bytes - ones * 0x20) & ~bytes) | ((from_del - ones) & ~from_del)) & tops;
}

const char *weir_value_end(const char *from, const char *to)
{
	for (; to - from >= 8; from += 8) {
		__u64 bytes;

		memcpy(&bytes, from, sizeof(bytes));
		if (has_control(bytes) &&
		    weir_chars_end(from, from + 8, WEIR_CHAR_VALUE) < from + 8)
			break;
	}
	return weir_chars_end(from, to, WEIR_CHAR_VALUE);
}
