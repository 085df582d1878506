/* SPDX-License-Identifier: GPL-2.0-only */
/* Host names: one rule for what operators write in routes and what comes from the wire. */
#ifndef WEIR_BASE_HOST_H
#define WEIR_BASE_HOST_H

#include <stddef.h>

enum {
	WEIR_HOST_MAX = 253,      /* RFC 1035, section 2.3.4, without the root's length byte */
	WEIR_HOST_LABEL_MAX = 63, /* likewise */
};

/*
 * Read exactly `size` bytes as a host name and write it as connections are matched with it: lower
 * case, without a trailing dot, terminated. Labels are of letters, digits, `-` and `_`, wherever they
 * stand: names that begin or end with a hyphen are no host names by RFC 1123, section 2.1, but resolve and
 * are met. What is not ASCII must have come as an A-label (RFC 5890).
 * Returns 0; -EINVAL for what is no host name (empty, an empty or too long label, any other byte, NUL
 * among them); -EADDRNOTAVAIL for an address, which is every name whose last label is a number, as in
 * 127.0.0.1, 127.1 and 0x7f000001. On failure also why, in a few static words, and the byte where
 * it goes wrong; the content of ret_host is undefined then.
 */
int weir_host_parse(const char *text, size_t size, char ret_host[static WEIR_HOST_MAX + 1],
		    size_t *ret_at, const char **ret_why);

#endif
