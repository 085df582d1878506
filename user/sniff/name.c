/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Host names: text from the wire -> the form that routes are keyed by.
 *
 * SNI and Host go through the same function, so that one name cannot mean two apps. What is no
 * host name is refused here and not merely not found later, so that it never falls to a
 * default route.
 */
#include <errno.h>
#include <string.h>

#include "sniff/chars.h"
#include "sniff/name.h"

/* Decimal or 0x: what resolvers and browsers take for (a part of) an address. */
static bool is_number(const char *label, size_t size)
{
	bool is_hex = size >= 2 && label[0] == '0' && label[1] == 'x';

	for (size_t i = is_hex ? 2 : 0; i < size; i++)
		if (!weir_char_is(label[i], is_hex ? WEIR_CHAR_HEX : WEIR_CHAR_DIGIT))
			return false;
	return true;
}

int weir_name_normalise(const char *text, size_t size, char ret_name[static WEIR_NAME_MAX + 1])
{
	size_t label = 0;

	if (size && text[size - 1] == '.')
		size--;
	if (!size || size > WEIR_NAME_MAX)
		return -EINVAL;
	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		if (c == '.') {
			if (i == label || i - label > WEIR_NAME_LABEL_MAX)
				return -EINVAL;
			label = i + 1;
		} else if (!weir_char_is(c, WEIR_CHAR_NAME)) {
			return -EINVAL;
		}
		ret_name[i] = weir_lower(c);
	}
	if (size == label || size - label > WEIR_NAME_LABEL_MAX)
		return -EINVAL;
	ret_name[size] = 0;
	return is_number(ret_name + label, size - label) ? -EADDRNOTAVAIL : (int)size;
}
