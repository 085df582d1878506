/* SPDX-License-Identifier: GPL-2.0-only */
/* Host names from the wire, SNI and Host alike, by the rule that routes files go by. */
#include "sniff/name.h"

int weir_name_normalise(const char *text, size_t size, char ret_name[static WEIR_NAME_MAX + 1])
{
	const char *why;
	size_t at;
	int r = weir_host_parse(text, size, ret_name, &at, &why);

	return r ? r : (int)(size - (text[size - 1] == '.'));
}
