/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's clocks as its programs see them: a time namespace shows its processes others, and
 * an expiry by those would be hours off.
 */
#ifndef WEIR_KERNEL_CLOCK_H
#define WEIR_KERNEL_CLOCK_H

#include <linux/types.h>
#include <time.h>

/* CLOCK_MONOTONIC or CLOCK_MONOTONIC_COARSE of the machine, in nanoseconds. */
__u64 weir_clock_ns(clockid_t clock);

/* CLOCK_MONOTONIC of the machine: the clock of expiries, trials and buckets. */
__u64 weir_now_ns(void);

/* The kernel's clock tick: what CLOCK_MONOTONIC_COARSE advances by. */
__u64 weir_tick_ns(void);

#endif
