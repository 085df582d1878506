/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of the reasons, from the one list (weir/reasons.h).
 */
#ifndef WEIR_REPORT_REASON_H
#define WEIR_REPORT_REASON_H

#include <stdbool.h>

#include "weir/reasons.h"

/* `drop_denied`; "none" for a number that is no reason. */
const char *weir_reason_slug(unsigned int reason);

/* The sentence of the list; "no such reason" for a number that is none. */
const char *weir_reason_text(unsigned int reason);

#endif
