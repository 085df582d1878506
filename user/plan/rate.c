/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A rate and a burst as people state them in, the two numbers with which the gate charges a
 * packet out: units of time a byte, as factor / 2^shift, and the burst as a time.
 *
 * Why nothing can wrap, here or in weir/bucket.h:
 *   - the factor is 2^30 to 2^31, bytes are masked to 21 bits: a product is below 2^52;
 *   - the shift is at most 37 (checked below), so half of 2^shift adds at most 2^36;
 *   - an arrival time is at most now + the burst, and now + cost in a refused attempt: now is
 *     below 2^60 for two years of uptime and below 2^63 for eighteen, the burst is at most 2^60
 *     and a cost at most 2^52.
 * The divisions here are of 128 bits.
 */
#include <errno.h>

#include "plan/plan.h"

enum { FACTOR_BITS = 31 };

/* A clock that ticks may be a tick late: below 1 / this of the burst that is within 0.5 %. */
enum { TICKS_IN_BURST = 200 };

typedef unsigned __int128 u128;

static __u64 divide_rounded(u128 dividend, __u64 divisor)
{
	return (dividend + divisor / 2) / divisor;
}

_Static_assert(WEIR_UNITS_PER_S / WEIR_RATE_MIN_BYTES_PER_S < 1ULL << FACTOR_BITS,
	       "the slowest rate needs no negative shift");
_Static_assert(WEIR_UNITS_PER_S << 6 >= WEIR_RATE_MAX_BYTES_PER_S,
	       "the fastest rate needs a shift of at most FACTOR_BITS + 6");

int weir_rate_make(__u64 bytes_per_s, __u64 burst_bytes, __u64 tick_ns, struct weir_rate *ret_rate)
{
	struct weir_rate rate = {.bytes_per_s = bytes_per_s, .burst_bytes = burst_bytes};
	u128 burst_units;

	if (bytes_per_s < WEIR_RATE_MIN_BYTES_PER_S || bytes_per_s > WEIR_RATE_MAX_BYTES_PER_S ||
	    burst_bytes < WEIR_BURST_MIN_BYTES)
		return -ERANGE;

	burst_units = (u128)burst_bytes * WEIR_UNITS_PER_S / bytes_per_s;
	if (burst_units > WEIR_BURST_UNITS_MAX)
		return -ERANGE;
	rate.burst_units = burst_units;

	/* The largest shift that leaves the factor below 2^31: most digits, least error. */
	while (((u128)WEIR_UNITS_PER_S << (rate.shift + 1)) / bytes_per_s < 1ULL << FACTOR_BITS)
		rate.shift++;
	rate.factor = divide_rounded((u128)WEIR_UNITS_PER_S << rate.shift, bytes_per_s);
	rate.exact_clock = rate.burst_units / (TICKS_IN_BURST * WEIR_UNITS_PER_NS) < tick_ns;
	*ret_rate = rate;
	return 0;
}

__u64 weir_rate_carry(const struct weir_rate *from, const struct weir_rate *to, __u64 arrival_units,
		      __u64 now_units)
{
	__u64 debt = arrival_units > now_units ? arrival_units - now_units : 0;
	u128 carried;

	if (!debt || !from->factor || !to->factor)
		return now_units;
	carried = (u128)debt * from->bytes_per_s / to->bytes_per_s;
	return now_units + (carried < to->burst_units ? (__u64)carried : to->burst_units);
}
