/* SPDX-License-Identifier: GPL-2.0-only */
/* Diagnostics as one text, to be compared with what a command would print. */
#ifndef WEIR_TESTS_DIAGS_TEXT_H
#define WEIR_TESTS_DIAGS_TEXT_H

#include <stdio.h>

#include "base/diag.h"

enum { DIAGS_TEXT_MAX = 16384 };

static inline const char *diags_text(const struct weir_diags *diags)
{
	static char text[DIAGS_TEXT_MAX];
	FILE *to = fmemopen(text, sizeof(text), "w");

	text[0] = '\0';
	weir_diags_print(diags, to);
	fclose(to);
	return text;
}

#endif
