/* SPDX-License-Identifier: GPL-2.0-only */
/* Host names as routes know them: lower case, A-labels, no trailing dot. */
#ifndef WEIR_SNIFF_NAME_H
#define WEIR_SNIFF_NAME_H

#include <stddef.h>

enum {
	WEIR_NAME_MAX = 253,      /* RFC 1035, section 2.3.4, without the root's length byte */
	WEIR_NAME_LABEL_MAX = 63, /* likewise */
};

/*
 * Normalise a host name: letters become lower case, one trailing dot goes. Letters, digits, `-`
 * and `_` make labels; what is not ASCII must have come as an A-label (RFC 5890).
 * Returns the length, 1 to WEIR_NAME_MAX; -EINVAL for what is no host name (empty, an empty or
 * too long label, any other byte, NUL among them); -EADDRNOTAVAIL for an address, which is every
 * name whose last label is a number, as in 127.0.0.1, 127.1 and 0x7f000001.
 * ret_name ends in NUL; its content is undefined on failure.
 */
int weir_name_normalise(const char *text, size_t size, char ret_name[static WEIR_NAME_MAX + 1]);

#endif
