/* SPDX-License-Identifier: GPL-2.0-only */
/* Host names as operators write them in routes. */
#ifndef WEIR_CONFIG_HOST_H
#define WEIR_CONFIG_HOST_H

#include <stddef.h>

enum {
	WEIR_HOST_MAX = 253,      /* RFC 1035, section 2.3.4, without the root's length byte */
	WEIR_HOST_LABEL_MAX = 63, /* likewise */
};

/*
 * Read exactly `size` bytes as a host name (letters, digits, `-` and `_`, RFC 1123 section 2.1
 * and what is met besides) and write it as connections are matched with it: lower case, without
 * a trailing dot, terminated.
 * Returns 0; or -EINVAL, why in a few static words, and the byte where it goes wrong.
 */
int weir_host_parse(const char *text, size_t size, char ret_host[static WEIR_HOST_MAX + 1],
		    size_t *ret_at, const char **ret_why);

#endif
