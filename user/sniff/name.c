/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Host names from the wire, SNI and Host alike -> the form that routes are looked up by.
 *
 * By the rule that routes files go by (base/host.c), so that a name cannot mean one thing in a file and
 * another on the wire. A trailing dot is dropped; an address is no name: -EADDRNOTAVAIL.
 */
#include "sniff/name.h"

int weir_name_normalise(const char *text, size_t size, char ret_name[static WEIR_NAME_MAX + 1])
{
	const char *why;
	size_t at;
	int r = weir_host_parse(text, size, ret_name, &at, &why);

	return r ? r : (int)(size - (text[size - 1] == '.'));
}
