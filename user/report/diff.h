/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an apply would change, as people and programs read it. Pure.
 */
#ifndef WEIR_REPORT_DIFF_H
#define WEIR_REPORT_DIFF_H

#include "plan/plan.h"

/* One line a change, then how many addresses the lists gain and lose; "" when nothing would. */
char *weir_diff_table(const struct weir_diff *diff);

/*
 * {"changes": [{"sign": "+", "kind": "destination", "text": "..."}],
 *  "denied": {"added": 0, "removed": 0}, "allowed": {...}, "cdn": {...}}
 */
char *weir_diff_json(const struct weir_diff *diff);

#endif
