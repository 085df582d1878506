/* SPDX-License-Identifier: GPL-2.0-only */
/* What live.c and live_journal.c share. Private to them. */
#ifndef WEIR_KERNEL_LIVE_PARTS_H
#define WEIR_KERNEL_LIVE_PARTS_H

#include <linux/types.h>

#include "base/diag.h"

/*
 * The same moment on another clock, given what both say now, all in nanoseconds. 0, no end, stays 0;
 * what would lie before that clock began becomes 1, long past.
 */
__u64 weir_live_convert(__u64 at_ns, __u64 from_now_ns, __u64 to_now_ns);

/* Add as warnings what `said` holds, each with what it does not change (or "") behind it. */
void weir_live_warn(const struct weir_diags *said, const char *but, struct weir_diags *diags);

#endif
