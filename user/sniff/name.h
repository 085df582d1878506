/* SPDX-License-Identifier: GPL-2.0-only */
/* Host names as routes know them: lower case, A-labels, no trailing dot. */
#ifndef WEIR_SNIFF_NAME_H
#define WEIR_SNIFF_NAME_H

#include "base/host.h"

enum { WEIR_NAME_MAX = WEIR_HOST_MAX };

/* As weir_host_parse, but returns the name's length, 1 to WEIR_NAME_MAX, and does not say why not. */
int weir_name_normalise(const char *text, size_t size, char ret_name[static WEIR_NAME_MAX + 1]);

#endif
