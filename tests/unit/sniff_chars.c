/* SPDX-License-Identifier: GPL-2.0-only */
/* Eight bytes at a time must find what one byte at a time finds. */
#include <criterion/criterion.h>

#include "guard.h"
#include "sniff/chars.h"

enum { TEXT_MAX = 20 };

Test(sniff_chars, finds_the_end_of_a_value_at_every_byte_in_every_place)
{
	char text[TEXT_MAX];

	for (int size = 0; size <= TEXT_MAX; size++)
		for (int at = 0; at < size; at++)
			for (int byte = 0; byte < 256; byte++) {
				const char *start, *end;
				struct guard guard;

				if (byte % 16 != at % 16 && byte > 0x20 && byte < 0x7f)
					continue;
				memset(text, at % 2 ? '\t' : 'a', sizeof(text));
				text[at] = byte;
				guard = guard_of(text, size);
				start = guard.bytes;
				end = weir_chars_end(start, start + size, WEIR_CHAR_VALUE);
				cr_assert_eq(weir_value_end(start, start + size), end,
					     "byte %#x at %d of %d", byte, at, size);
				guard_done(&guard);
			}
}
