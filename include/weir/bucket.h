/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Token bucket arithmetic: GCRA, the generic cell rate algorithm, on one number.
 *
 * A bucket is the time at which it will be full again, its arrival time. A packet moves it
 * forward by the time that the rate takes for its bytes; a packet that would move it further
 * ahead of now than the burst takes is refused and moves nothing.
 *
 *        now          arrival           now + burst
 *   -----|---------------|-------------------|-----> time
 *        |<-- in debt -->|<---- tokens ----->|
 *
 * Time is in units of 1/16 ns since boot: whole nanoseconds lose 17 % at 100 Gbit/s. A u64 of
 * them lasts 36 years. No product here can wrap: a cost multiplies at most 2^20 bytes by a
 * 32-bit factor, and the burst is a time, bounded by WEIR_BURST_UNITS_MAX.
 */
#ifndef WEIR_BUCKET_H
#define WEIR_BUCKET_H

#include <linux/types.h>

#define WEIR_UNITS_PER_NS    16ULL
#define WEIR_UNITS_PER_S     (WEIR_UNITS_PER_NS * 1000000000ULL)
#define WEIR_BURST_UNITS_MAX (1ULL << 60) /* two years at any rate */

/* One destination's rate as the gate uses it; `factor` 0 means no limit. */
struct weir_rate {
	__u64 burst_units; /* how far the arrival time may run ahead of now */
	__u32 factor;      /* units per byte, times 2^shift */
	__u8 shift;
	__u8 exact_clock; /* 1: the burst is too small for a clock that ticks */
	__u8 reserved[2];
	__u64 bytes_per_s; /* what was asked for: read by reports, not by the gate */
	__u64 burst_bytes;
};

/* The arrival time alone on its cache line: CPUs that share a bucket contend for nothing else. */
struct weir_bucket {
	__u64 arrival_units;
} __attribute__((aligned(64)));

/* Time that the rate takes for `bytes` (at most 2^20), rounded to the nearest unit. */
static inline __u64 weir_bucket_cost(const struct weir_rate *rate, __u32 bytes)
{
	__u64 scaled = (__u64)(bytes & 0x1fffff) * rate->factor;

	return (scaled + ((1ULL << rate->shift) >> 1)) >> rate->shift;
}

/*
 * The arrival time after a packet of `cost` at `now`, or 0 when the bucket has not enough
 * tokens for it. All three in units.
 */
static inline __u64 weir_bucket_next(const struct weir_rate *rate, __u64 arrival, __u64 now,
				     __u64 cost)
{
	__u64 next = (arrival > now ? arrival : now) + cost;

	return next - now > rate->burst_units ? 0 : next;
}

/*
 * A bucket in more debt than the burst holds owes it to another rate: a trial that went back, a
 * burst that became smaller. The arrival time that an empty bucket has instead, or 0: the debt is its
 * own. An eighth of a second is left to clocks that differ.
 */
static inline __u64 weir_bucket_empty(const struct weir_rate *rate, __u64 arrival, __u64 now)
{
	__u64 empty = now + rate->burst_units;

	return arrival > empty + WEIR_UNITS_PER_S / 8 ? empty : 0;
}

#endif
